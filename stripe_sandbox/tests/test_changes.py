"""Changing what a subscription is for: prorations, previews, refusals."""

import pytest
import stripe

from stripe_sandbox.tests.conftest import START, at

HALFWAY = START + (at(2025, 2, 1) - START) // 2
FAILS_LATER = "4000000000000341"


@pytest.fixture
def gold(shop):
    return shop.price(8000, "month")


@pytest.fixture
def bronze(shop):
    return shop.price(3000, "month")


@pytest.fixture
def change(client, shop):
    def change(subscription, price, **more):
        item = subscription["items"].data[0].id
        wish = {"items": [{"id": item, "price": price.id}], **more}
        return client.v1.subscriptions.update(subscription.id, wish)

    return change


@pytest.fixture
def preview(client):
    def preview(subscription, price, **more):
        item = subscription["items"].data[0].id
        details = {"items": [{"id": item, "price": price.id}], **more}
        wish = {"subscription": subscription.id, "subscription_details": details}
        return client.v1.invoices.create_preview(wish)

    return preview


def amounts(invoice):
    return [line.amount for line in invoice.lines.data]


def test_upgrade_at_once_credits_and_charges_by_the_second(shop, control, gold, change):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)

    changed = change(subscription, gold, proration_behavior="always_invoice")

    invoice = shop.invoices(changed)[0]
    credit, debit = invoice.lines.data
    assert amounts(invoice) == [-2500, 4000]
    assert (invoice.total, invoice.status) == (1800, "paid")
    assert invoice.billing_reason == "subscription_update"
    assert [tax.amount for line in invoice.lines.data for tax in line.taxes] == [-500, 800]
    assert (debit.period.start, debit.period.end) == (HALFWAY, at(2025, 2, 1))
    parent = credit.parent.subscription_item_details
    assert parent.proration is True
    assert parent.proration_details.credited_items.invoice == subscription.latest_invoice
    assert credit.description == "Unused time on Membership after 16 Jan 2025"
    assert changed["items"].data[0].price.id == gold.id
    assert changed["items"].data[0].current_period_end == at(2025, 2, 1)


def test_events_of_an_upgrade(shop, control, gold, change, receiver):
    subscription = shop.subscribe()
    receiver.events.clear()

    change(subscription, gold, proration_behavior="always_invoice")
    control.wait()

    assert receiver.types == [
        "invoiceitem.created",
        "invoiceitem.created",
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]


def test_prorations_wait_for_the_renewal_by_default(client, shop, control, gold, change):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)
    change(subscription, gold)
    assert len(shop.invoices(subscription)) == 1
    assert len(client.v1.invoice_items.list({"pending": True}).data) == 2

    control.advance_to(at(2025, 2, 1))

    assert amounts(shop.invoices(subscription)[0]) == [-2500, 4000, 8000]
    assert client.v1.invoice_items.list({"pending": True}).data == []


def test_no_prorations_if_so_wished(shop, control, gold, change):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)

    change(subscription, gold, proration_behavior="none")
    control.advance_to(at(2025, 2, 1))

    assert amounts(shop.invoices(subscription)[0]) == [8000]


def test_downgrade_at_once_goes_to_the_balance_and_pays_the_next_invoice(
    client, shop, control, bronze, change
):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)

    change(subscription, bronze, proration_behavior="always_invoice")

    invoice = shop.invoices(subscription)[0]
    assert (invoice.total, invoice.amount_due, invoice.status) == (-1200, 0, "paid")
    assert client.v1.customers.retrieve(subscription.customer).balance == -1200
    control.advance_to(at(2025, 2, 1))
    renewal = shop.invoices(subscription)[0]
    assert (renewal.total, renewal.amount_due, renewal.amount_paid) == (3600, 2400, 2400)
    assert (renewal.starting_balance, renewal.ending_balance) == (-1200, 0)


def test_other_interval_moves_the_anchor_and_is_invoiced_at_once(shop, control, change):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)

    changed = change(subscription, shop.yearly)

    invoice = shop.invoices(changed)[0]
    assert amounts(invoice) == [-2500, 50000]
    assert (invoice.total, invoice.status) == (57000, "paid")
    item = changed["items"].data[0]
    assert changed.billing_cycle_anchor == item.current_period_start == HALFWAY
    assert item.current_period_end == at(2026, 1, 16, 21)


def test_anchor_now_begins_a_new_period(client, shop, control):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)

    changed = client.v1.subscriptions.update(subscription.id, {"billing_cycle_anchor": "now"})

    assert amounts(shop.invoices(changed)[0]) == [-2500, 5000]
    assert changed["items"].data[0].current_period_start == HALFWAY


def test_quantity_is_prorated(client, shop, control):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)
    item = subscription["items"].data[0].id

    client.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": item, "quantity": 3}], "proration_behavior": "always_invoice"},
    )

    assert amounts(shop.invoices(subscription)[0]) == [-2500, 7500]


def test_second_change_credits_what_the_first_billed(shop, control, gold, bronze, change):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)
    change(subscription, gold, proration_behavior="always_invoice")

    change(subscription, bronze, proration_behavior="always_invoice")

    assert amounts(shop.invoices(subscription)[0]) == [-4000, 1500]


def test_item_without_id_is_a_second_item(client, shop, gold):
    subscription = shop.subscribe()

    changed = client.v1.subscriptions.update(subscription.id, {"items": [{"price": gold.id}]})

    assert [item.price.id for item in changed["items"].data] == [shop.monthly.id, gold.id]


@pytest.mark.parametrize("behavior", ["always_invoice", "create_prorations"])
def test_preview_has_the_numbers_of_the_later_change(
    shop, control, gold, change, preview, behavior
):
    subscription = shop.subscribe()
    control.advance_to(HALFWAY)
    how = {"proration_behavior": behavior, "proration_date": HALFWAY - 3600}

    shown = preview(subscription, gold, **how)
    change(subscription, gold, **how)
    control.advance_to(at(2025, 2, 1) if behavior == "create_prorations" else HALFWAY)

    invoice = shop.invoices(subscription)[0]
    assert amounts(shown) == amounts(invoice)
    assert (shown.total, shown.amount_due) == (invoice.total, invoice.amount_due)
    assert shown.total_taxes[0].amount == invoice.total_taxes[0].amount


def test_preview_changes_nothing(client, shop, control, preview, receiver):
    subscription = shop.subscribe()
    receiver.events.clear()

    shown = preview(subscription, shop.yearly)
    control.wait()

    assert (shown.amount_due, shown.billing_reason) == (54000, "upcoming")
    assert client.v1.subscriptions.retrieve(subscription.id) == subscription
    assert len(shop.invoices(subscription)) == 1
    assert receiver.types == []


def test_nothing_is_upcoming_after_a_cancellation(client, shop):
    subscription = shop.subscribe()
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoices.create_preview({"subscription": subscription.id})

    assert (caught.value.http_status, caught.value.code) == (404, "invoice_upcoming_none")


def test_unpaid_change_is_past_due(shop, gold, change):
    subscription = shop.subscribe(card=FAILS_LATER)

    changed = change(subscription, gold, proration_behavior="always_invoice")

    assert (changed.status, changed["items"].data[0].price.id) == ("past_due", gold.id)
    assert shop.invoices(changed)[0].next_payment_attempt


def test_unpaid_change_is_refused_if_so_wished(shop, gold, change):
    subscription = shop.subscribe(card=FAILS_LATER)

    with pytest.raises(stripe.CardError) as caught:
        change(
            subscription,
            gold,
            proration_behavior="always_invoice",
            payment_behavior="error_if_incomplete",
        )

    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    assert shop.subscription(subscription.id) == subscription
    assert len(shop.invoices(subscription)) == 1


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"priority": "high"}, "priority"),
        ({"payment_behavior": "default_incomplete"}, "payment_behavior"),
        ({"proration_behavior": "maybe"}, "proration_behavior"),
        ({"proration_date": START - 1}, "proration_date"),
        ({"items": [{"id": "si_none"}]}, "items[id]"),
        ({"cancel_at": START}, "cancel_at"),
        ({"pause_collection": {"behaviour": "void"}}, "pause_collection[behaviour]"),
    ],
)
def test_mistakes_are_refused(client, shop, wish, param):
    subscription = shop.subscribe()

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscriptions.update(subscription.id, wish)

    assert (caught.value.http_status, caught.value.param) == (400, param)
    assert shop.subscription(subscription.id) == subscription


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
def test_paused_collection(client, shop, control, behavior, status):
    subscription = shop.subscribe()
    pause = {"behavior": behavior, "resumes_at": at(2025, 2, 10)}
    client.v1.subscriptions.update(subscription.id, {"pause_collection": pause})

    control.advance_to(at(2025, 3, 2))

    found = shop.subscription(subscription.id)
    assert (found.status, found.pause_collection) == ("active", None)
    assert [invoice.status for invoice in shop.invoices(found)] == ["paid", status, "paid"]
