"""A year and more of a subscription's life in a second."""

from stripe_sandbox.tests.conftest import START, at

FAILS_LATER = "4000000000000341"
DAY = 86400


def test_fourteen_months_monthly(shop, control):
    subscription = shop.subscribe()

    control.advance_to(at(2026, 3, 2))

    invoices = shop.invoices(subscription)
    assert len(invoices) == 15
    assert {invoice.status for invoice in invoices} == {"paid"}
    assert [invoice.billing_reason for invoice in invoices[:2]] == ["subscription_cycle"] * 2
    assert invoices[0].created == at(2026, 3, 1)
    item = shop.subscription(subscription.id)["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (at(2026, 3, 1), at(2026, 4, 1))


def test_fourteen_months_yearly(shop, control):
    subscription = shop.subscribe(shop.yearly)

    control.advance_to(at(2026, 3, 2))

    assert [invoice.created for invoice in shop.invoices(subscription)] == [at(2026, 1, 1), START]
    item = shop.subscription(subscription.id)["items"].data[0]
    assert item.current_period_end == at(2027, 1, 1)


def test_month_end_is_clamped_and_comes_back(shop, control):
    control.advance_to(at(2025, 1, 31))
    subscription = shop.subscribe()

    control.advance_to(at(2025, 5, 1))

    starts = [invoice.lines.data[0].period.start for invoice in shop.invoices(subscription)]
    days = [(1, 31), (2, 28), (3, 31), (4, 30)]
    assert starts[::-1] == [at(2025, month, day) for month, day in days]


def test_renewal_events_in_order(shop, control, receiver):
    shop.subscribe()
    receiver.events.clear()

    control.advance_to(at(2025, 2, 2), wait=True)

    assert receiver.types == [
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]
    assert {event.created for event in receiver.events} == {at(2025, 2, 1)}
    previous = receiver.events[-1].data.previous_attributes
    assert set(previous.to_dict()) == {"items", "latest_invoice"}


def test_failed_renewal_is_past_due_and_planned_again(shop, control, receiver):
    subscription = shop.subscribe(card=FAILS_LATER)

    control.advance_to(at(2025, 2, 2), wait=True)

    found = shop.subscription(subscription.id)
    invoice = shop.invoices(subscription)[0]
    assert found.status == "past_due"
    assert found["items"].data[0].current_period_end == at(2025, 3, 1)
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == at(2025, 2, 4)
    assert receiver.types[-2:] == ["invoice.payment_failed", "customer.subscription.updated"]


def test_retries_end_in_cancellation(shop, control, receiver):
    subscription = shop.subscribe(card=FAILS_LATER)

    control.advance_to(at(2025, 3, 1), wait=True)

    found = shop.subscription(subscription.id)
    assert (found.status, found.ended_at) == ("canceled", at(2025, 2, 15))
    assert found.cancellation_details.reason == "payment_failed"
    invoice = shop.invoices(subscription)[0]
    assert (invoice.status, invoice.attempt_count) == ("open", 5)
    assert invoice.next_payment_attempt is None
    failures = [event for event in receiver.events if event.type == "invoice.payment_failed"]
    days = [(event.created - at(2025, 2, 1)) // DAY for event in failures]
    assert days == [0, 3, 6, 10, 14]
    assert receiver.types[-1] == "customer.subscription.deleted"


def test_good_card_recovers_at_the_next_retry(shop, control, receiver):
    subscription = shop.subscribe(card=FAILS_LATER)
    control.advance_to(at(2025, 2, 2))
    control.set_card(subscription.customer, "4242424242424242")

    control.advance_to(at(2025, 2, 5), wait=True)

    invoice = shop.invoices(subscription)[0]
    assert shop.subscription(subscription.id).status == "active"
    assert (invoice.status, invoice.attempt_count) == ("paid", 2)
    assert invoice.status_transitions.paid_at == at(2025, 2, 4)
    assert receiver.types[-1] == "customer.subscription.updated"
    assert "invoice.paid" in receiver.types[-4:]


def test_paying_the_invoice_recovers_at_once(client, shop, control):
    subscription = shop.subscribe(card=FAILS_LATER)
    control.advance_to(at(2025, 2, 2))
    control.set_card(subscription.customer, "4242424242424242")

    paid = client.v1.invoices.pay(shop.invoices(subscription)[0].id)

    assert paid.status == "paid"
    assert shop.subscription(subscription.id).status == "active"
    control.advance_to(at(2025, 2, 27))
    assert len(shop.invoices(subscription)) == 2


def test_cancelling_while_past_due_stops_the_retries(client, shop, control, receiver):
    subscription = shop.subscribe(card=FAILS_LATER)
    control.advance_to(at(2025, 2, 2), wait=True)
    receiver.events.clear()

    client.v1.subscriptions.cancel(subscription.id)
    control.advance_to(at(2025, 4, 2), wait=True)

    assert receiver.types == ["customer.subscription.deleted"]
    assert shop.invoices(subscription)[0].next_payment_attempt is None


def test_things_happen_in_the_order_of_time(shop, control, receiver):
    shop.subscribe(card=FAILS_LATER)
    control.advance_to(at(2025, 1, 2))
    shop.subscribe()

    control.advance_to(at(2025, 6, 1), wait=True)

    moments = [event.created for event in receiver.events]
    assert moments == sorted(moments)
