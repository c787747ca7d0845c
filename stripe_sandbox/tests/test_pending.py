"""Updates that wait for their payment (payment_behavior=pending_if_incomplete)."""

import pytest
import requests
import stripe

from stripe_sandbox.tests.conftest import START, at

ASKS, FAILS_LATER, PAYS = "4000002500003155", "4000000000000341", "4242424242424242"
HALFWAY = START + (at(2025, 2, 1) - START) // 2


@pytest.fixture
def change(client, shop, control):
    """Move a subscription that is half over to a dearer price, and let that wait if need be."""

    def change(subscription, **more):
        control.advance_to(HALFWAY)
        item = subscription["items"].data[0].id
        wish = {
            "items": [{"id": item, "price": shop.price(8000, "month").id}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
            **more,
        }
        return client.v1.subscriptions.update(subscription.id, wish)

    return change


@pytest.fixture
def waiting(shop, change):
    return change(shop.subscribe(card=ASKS))


def price_of(subscription):
    return subscription["items"].data[0].price.unit_amount


def answer(invoice, what):
    page = invoice.hosted_invoice_url
    requests.post(f"{page}/pay", timeout=10)
    requests.post(f"{page}/authenticate", {"authenticate": what}, timeout=10)


def test_a_card_that_pays_changes_it_at_once(shop, change):
    changed = change(shop.subscribe())

    assert (price_of(changed), changed.pending_update) == (8000, None)


@pytest.mark.parametrize(
    ("card", "intent"), [(ASKS, "requires_action"), (FAILS_LATER, "requires_payment_method")]
)
def test_a_card_that_does_not_pay_leaves_all_as_it_was_beside_an_open_invoice(
    client, shop, change, card, intent
):
    changed = change(shop.subscribe(card=card))

    expand = {"expand": ["payments.data.payment.payment_intent"]}
    invoice = client.v1.invoices.retrieve(changed.latest_invoice, expand)
    assert (price_of(changed), changed.status) == (5000, "active")
    assert changed.pending_update.expires_at == HALFWAY + 23 * 3600
    assert changed.pending_update.subscription_items[0].price.unit_amount == 8000
    assert (invoice.status, invoice.amount_due, invoice.next_payment_attempt) == (
        "open",
        1800,
        None,
    )
    assert invoice.payments.data[0].payment.payment_intent.status == intent


def test_confirmed_on_the_invoice_page_it_is_changed(client, shop, waiting, control, receiver):
    receiver.events.clear()

    answer(shop.invoices(waiting)[0], "complete")
    control.wait()

    changed = shop.subscription(waiting.id)
    assert (price_of(changed), changed.pending_update) == (8000, None)
    assert shop.invoices(waiting)[0].status == "paid"
    assert {
        "invoice.paid",
        "customer.subscription.pending_update_applied",
        "customer.subscription.updated",
    } <= set(receiver.types)


def test_not_confirmed_it_goes_on_waiting(shop, waiting):
    answer(shop.invoices(waiting)[0], "fail")

    found = shop.subscription(waiting.id)
    assert (price_of(found), found.pending_update) == (5000, waiting.pending_update)


def test_a_new_card_pays_it(client, shop, waiting):
    requests.post(
        f"{shop.invoices(waiting)[0].hosted_invoice_url}/pay", {"card_number": PAYS}, timeout=10
    )

    assert price_of(shop.subscription(waiting.id)) == 8000


@pytest.mark.parametrize("how", ["time", "voided", "overtaken", "ended"])
def test_what_is_not_paid_is_gone_and_owed_by_nobody(
    client, shop, waiting, change, control, receiver, how
):
    [invoice] = [each for each in shop.invoices(waiting) if each.status == "open"]
    if how == "time":
        control.advance_to(HALFWAY + 23 * 3600)
    elif how == "voided":
        client.v1.invoices.void_invoice(invoice.id)
    elif how == "overtaken":
        item = waiting["items"].data[0].id
        client.v1.subscriptions.update(waiting.id, {"items": [{"id": item, "quantity": 2}]})
    else:
        client.v1.subscriptions.cancel(waiting.id)
    control.wait()

    found = shop.subscription(waiting.id)
    assert (price_of(found), found.pending_update) == (5000, None)
    assert client.v1.invoices.retrieve(invoice.id).status == "void"
    assert "customer.subscription.pending_update_expired" in receiver.types


def test_it_ends_with_the_period_and_the_renewal_is_the_old_one(shop, control, change):
    subscription = shop.subscribe(card=ASKS)
    control.advance_to(at(2025, 2, 1) - 20 * 3600)
    item = subscription["items"].data[0].id
    wish = {
        "items": [{"id": item, "price": shop.price(8000, "month").id}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    shop.client.v1.subscriptions.update(subscription.id, wish)

    control.advance_to(at(2025, 2, 1))

    renewal, update, _ = shop.invoices(subscription)
    assert (update.status, renewal.total) == ("void", 6000)


def test_its_metadata_comes_with_it(client, shop, change):
    waiting = change(shop.subscribe(card=ASKS), metadata={"plan": "gold"})
    invoice = shop.invoices(waiting)[0]

    answer(invoice, "complete")

    assert waiting.pending_update.metadata.plan == "gold"
    assert "plan" not in waiting.metadata
    assert shop.subscription(waiting.id).metadata.plan == "gold"


def test_a_new_cycle_begins_once_it_is_paid(client, shop, change):
    subscription = shop.subscribe(card=ASKS)
    item = subscription["items"].data[0].id
    waiting = change(subscription, items=[{"id": item, "price": shop.yearly.id}])
    before = waiting["items"].data[0].current_period_end

    answer(shop.invoices(waiting)[0], "complete")

    changed = shop.subscription(subscription.id)
    assert (before, price_of(waiting)) == (at(2025, 2, 1), 5000)
    assert changed.billing_cycle_anchor == HALFWAY
    assert changed["items"].data[0].current_period_end > HALFWAY + 364 * 86_400


@pytest.mark.parametrize("wish", [{"default_tax_rates": ""}, {"cancel_at_period_end": True}])
def test_what_cannot_wait_is_refused(shop, change, wish):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        change(shop.subscribe(card=ASKS), **wish)

    assert caught.value.param in wish
