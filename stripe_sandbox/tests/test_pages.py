"""The portal and the control desk."""

import re

import pytest
import requests

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
    assert "Card ending in 4242" in page
    assert 'href="http://shop.test/account"' in page


def test_portal_changes_the_card(portal, sandbox, client, subscription):
    page = post(f"{portal.url}/card", card_number="4000000000000341").text

    assert "Card ending in 0341" in page


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


def test_desk_sends_a_delivery_again(sandbox, control, subscription, receiver):
    last = control.deliveries()[0]
    count = receiver.calls

    post(f"{sandbox.url}/_sandbox/desk/deliveries/{last['id']}/retry")
    control.wait()

    assert receiver.calls == count + 1
