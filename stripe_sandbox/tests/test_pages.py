"""The portal and the control desk."""

import re

import pytest
import requests

from stripe_sandbox.pages.desk import SHARES
from stripe_sandbox.tests.conftest import START, at


@pytest.fixture
def subscription(shop):
    return shop.subscribe()


@pytest.fixture
def portal(client, subscription):
    return client.v1.billing_portal.sessions.create(
        {"customer": subscription.customer, "return_url": "http://shop.test/account"}
    )


def post(url: str, **data):
    return requests.post(url, data=data, timeout=5)


def action(page: str, ending: str) -> str:
    return re.search(rf'action="([^"]*/{ending})"', page).group(1)


def test_portal_shows_subscription_and_card(portal):
    page = requests.get(portal.url, timeout=5).text

    assert "£50.00" in page
    assert "card ending in 4242" in page
    assert 'href="http://shop.test/account"' in page


def test_portal_changes_every_card(portal, shop, subscription):
    post(f"{portal.url}/card", card_number="4000000000000341")

    found = shop.subscription(subscription.id)
    assert found.default_payment_method != subscription.default_payment_method


def test_portal_changes_the_default_card_only(portal, shop, client, subscription):
    page = post(f"{portal.url}/card", card_number="4000000000000341", use_for="default").text

    customer = client.v1.customers.retrieve(subscription.customer)
    assert "Card ending in 0341" in page
    assert customer.invoice_settings.default_payment_method
    found = shop.subscription(subscription.id)
    assert found.default_payment_method == subscription.default_payment_method


def test_portal_changes_the_card_of_a_subscription(portal, shop, subscription):
    url = f"{portal.url}/subscriptions/{subscription.id}/card"
    page = post(url, card_number="4000000000000341").text

    found = shop.subscription(subscription.id)
    assert "card ending in 0341" in page
    assert found.default_payment_method != subscription.default_payment_method


def test_portal_shows_what_is_scheduled(client, portal, shop, subscription):
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    now = schedule.phases[0]
    phases = [
        {
            "items": [{"price": shop.monthly.id}],
            "default_tax_rates": [shop.vat.id],
            "start_date": now.start_date,
            "end_date": now.end_date,
        },
        {
            "items": [{"price": shop.price(3000, "month").id}],
            "default_tax_rates": [shop.vat.id],
        },
    ]
    client.v1.subscription_schedules.update(schedule.id, {"phases": phases})

    page = requests.get(portal.url, timeout=5).text

    assert "Changes on 1 February 2025 to £36.00 every month" in page


def test_open_invoice_is_paid_on_its_page(portal, sandbox, shop, control, subscription):
    control.set_card(subscription.customer, "4000000000000341")
    control.advance_to(at(2025, 2, 2))
    path = re.search(r'pay-invoice" href="([^"]+)"', requests.get(portal.url, timeout=5).text)[1]

    refused = post(f"{sandbox.url}{path}/pay", card_number="").text
    paid = post(f"{sandbox.url}{path}/pay", card_number="4242424242424242").text

    assert "Your card was declined" in refused
    assert 'tag paid">paid' in paid
    assert shop.subscription(subscription.id).status == "active"


def test_invoice_page_asks_for_authentication(shop, control):
    subscription = shop.subscribe(card="4000002500003155")
    control.advance_to(at(2025, 2, 2))
    url = shop.invoices(subscription)[0].hosted_invoice_url

    asked = requests.get(url, timeout=5).text
    failed = post(f"{url}/authenticate", authenticate="fail").text
    again = post(f"{url}/pay", card_number="").text
    done = post(f"{url}/authenticate", authenticate="complete").text

    assert 'id="complete"' in asked
    assert "could not authenticate" in failed
    assert 'id="complete"' in again
    assert 'tag paid">paid' in done


def test_portal_refuses_a_declining_card(portal):
    answer = post(f"{portal.url}/card", card_number="4000000000000002")

    assert answer.status_code == 200
    assert "Your card was declined" in answer.text


def test_portal_cancels_and_takes_it_back(portal, sandbox, shop, subscription):
    page = requests.get(portal.url, timeout=5).text
    page = post(sandbox.url + action(page, "cancel")).text
    leaving = shop.subscription(subscription.id)
    assert "Ends on 1 February 2025" in page
    assert (leaving.cancel_at, leaving.cancel_at_period_end) == (at(2025, 2, 1), False)

    post(sandbox.url + action(page, "keep"))
    assert shop.subscription(subscription.id).cancel_at is None


def test_portal_does_not_reach_other_peoples_subscriptions(portal, shop, client):
    other = client.v1.customers.create({"email": "bob@example.com"})
    foreign = shop.subscribe(customer=other.id)

    answer = post(f"{portal.url}/subscriptions/{foreign.id}/cancel")

    assert answer.status_code == 404
    assert shop.subscription(foreign.id).cancel_at is None


def test_unknown_portal_session(sandbox):
    assert requests.get(f"{sandbox.url}/p/session/bps_none", timeout=5).status_code == 404


def test_desk_shows_what_happened(sandbox, subscription):
    page = requests.get(f"{sandbox.url}/_sandbox/", timeout=5).text

    for shown in ("alice@example.com", "invoice.paid", "delivered", "Advance 1 month"):
        assert shown in page


def test_desk_advances_the_clock(sandbox, control, shop, subscription):
    page = post(f"{sandbox.url}/_sandbox/desk/advance", interval="month")

    assert page.status_code == 200
    assert control.now() == at(2025, 2, 1) > START
    assert len(shop.invoices(subscription)) == 2


def test_desk_changes_a_card(sandbox, client, subscription):
    url = f"{sandbox.url}/_sandbox/desk/customers/{subscription.customer}/card"

    post(url, card_number="4000000000000341")

    card = client.v1.payment_methods.list({"customer": subscription.customer}).data[0]
    assert card.card.last4 == "0341"


def test_desk_buttons_of_a_subscription(client, sandbox, shop, subscription):
    url = f"{sandbox.url}/_sandbox/desk/subscriptions/{subscription.id}"

    for action in ("end-later", "keep", "lose-card", "find-card", "dispute", "end"):
        assert post(f"{url}/{action}").status_code == 200, action

    dispute = client.v1.disputes.list().data[0]
    assert "Nothing has been paid" not in post(f"{url}/refund").text
    post(f"{sandbox.url}/_sandbox/desk/disputes/{dispute.id}", outcome="won")
    assert client.v1.disputes.retrieve(dispute.id).status == "won"
    assert shop.subscription(subscription.id).status == "canceled"
    assert "already ended" in post(f"{url}/keep").text


def test_desk_sets_faults(sandbox, control):
    url = f"{sandbox.url}/_sandbox/desk/faults"
    form = dict.fromkeys(SHARES, "0") | {"webhook_drop": "12.5"}

    post(url, **form)
    assert control.call("GET", "faults")["webhook_drop"] == 0.125
    post(url, off="1")
    assert control.call("GET", "faults")["webhook_drop"] == 0


def test_desk_sends_a_delivery_again(sandbox, control, subscription, receiver):
    last = control.deliveries()[0]
    count = receiver.calls

    post(f"{sandbox.url}/_sandbox/desk/deliveries/{last['id']}/retry")
    control.wait()

    assert receiver.calls == count + 1
