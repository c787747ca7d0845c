"""Money that comes back: refunds, credit notes, disputes, invoices given up."""

import pytest
import stripe

from stripe_sandbox.tests.conftest import at

FAILS_LATER = "4000000000000341"
DISPUTED = "4000000000000259"


@pytest.fixture
def invoice(shop):
    return shop.invoices(shop.subscribe())[0]


@pytest.fixture
def unpaid(shop, control):
    subscription = shop.subscribe(card=FAILS_LATER)
    control.advance_to(at(2025, 2, 2))
    return shop.invoices(subscription)[0]


@pytest.fixture
def charge(client, invoice):
    return client.v1.charges.list().data[0]


def test_refund_has_a_reason_and_costs_the_balance(client, charge):
    refund = client.v1.refunds.create(
        {
            "payment_intent": charge.payment_intent,
            "amount": 1000,
            "reason": "requested_by_customer",
            "metadata": {"by": "bob"},
            "expand": ["balance_transaction"],
        }
    )

    assert (refund.reason, refund.metadata["by"]) == ("requested_by_customer", "bob")
    money = refund.balance_transaction
    assert (money.amount, money.fee, money.type) == (-1000, 0, "refund")
    found = client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (found.amount_refunded, found.refunds.data[0].id) == (1000, refund.id)


@pytest.mark.parametrize("wish", [{"reason": "whim"}, {"amount": 6001}, {"currency": "gbp"}])
def test_wrong_refund(client, charge, wish):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"charge": charge.id, **wish})


def test_credit_note_that_refunds(client, invoice, control, receiver):
    receiver.events.clear()

    note = client.v1.credit_notes.create(
        {"invoice": invoice.id, "amount": 1200, "refund_amount": 1200, "reason": "duplicate"}
    )
    control.wait()

    assert (note.total, note.total_excluding_tax, note.total_taxes[0].amount) == (1200, 1000, 200)
    assert (note.type, note.number) == ("post_payment", f"{invoice.number}-CN-01")
    assert client.v1.refunds.retrieve(note.refunds[0].refund).amount == 1200
    assert client.v1.invoices.retrieve(invoice.id).post_payment_credit_notes_amount == 1200
    assert receiver.types == ["refund.created", "charge.refunded", "credit_note.created"]


def test_credit_note_of_a_line_goes_to_the_balance(client, invoice, shop, control):
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id}
    note = client.v1.credit_notes.create(
        {"invoice": invoice.id, "lines": [{**line, "amount": 500}], "credit_amount": 600}
    )

    moved = client.v1.customers.balance_transactions.list(invoice.customer).data[0]
    assert (moved.id, moved.amount) == (note.customer_balance_transaction, -600)
    control.advance_to(at(2025, 2, 2))
    renewal = client.v1.invoices.list().data[0]
    assert (renewal.total, renewal.amount_paid) == (6000, 5400)


def test_credit_note_must_say_where_the_money_goes(client, invoice):
    with pytest.raises(stripe.InvalidRequestError, match="must equal the post payment"):
        client.v1.credit_notes.create({"invoice": invoice.id, "amount": 1200})


def test_credit_note_of_an_open_invoice_makes_it_smaller(client, shop, unpaid):
    client.v1.credit_notes.create({"invoice": unpaid.id, "amount": 1200})
    part = client.v1.invoices.retrieve(unpaid.id)
    client.v1.credit_notes.create({"invoice": unpaid.id, "amount": 4800})

    assert (part.status, part.amount_remaining) == ("open", 4800)
    assert client.v1.invoices.retrieve(unpaid.id).status == "paid"
    assert shop.subscription(unpaid.parent.subscription_details.subscription).status == "active"
    assert len(client.v1.credit_notes.list({"invoice": unpaid.id}).data) == 2


@pytest.mark.parametrize(
    ("way", "event"),
    [("void_invoice", "voided"), ("mark_uncollectible", "marked_uncollectible")],
)
def test_giving_an_invoice_up_ends_the_arrears(client, shop, control, unpaid, receiver, way, event):
    given_up = getattr(client.v1.invoices, way)(unpaid.id)
    control.wait()

    assert given_up.next_payment_attempt is None
    assert receiver.types[-2:] == [f"invoice.{event}", "customer.subscription.updated"]
    assert shop.subscription(unpaid.parent.subscription_details.subscription).status == "active"


def test_void_invoice_cannot_be_paid(client, unpaid):
    client.v1.invoices.void_invoice(unpaid.id)

    with pytest.raises(stripe.InvalidRequestError, match="already void"):
        client.v1.invoices.pay(unpaid.id)


def test_paid_outside_stripe(client, unpaid):
    paid = client.v1.invoices.pay(unpaid.id, {"paid_out_of_band": True})

    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert len(client.v1.charges.list({"created": {"gte": at(2025, 2, 1)}}).data) == 1


def test_paid_with_another_card(client, unpaid):
    method = client.v1.payment_methods.create(
        {"type": "card", "card": {"number": "5555555555554444"}}
    )
    with pytest.raises(stripe.InvalidRequestError, match="must be attached"):
        client.v1.invoices.pay(unpaid.id, {"payment_method": method.id})
    client.v1.payment_methods.attach(method.id, {"customer": unpaid.customer})

    assert client.v1.invoices.pay(unpaid.id, {"payment_method": method.id}).status == "paid"


def test_dispute_lost(client, control, charge, receiver):
    receiver.events.clear()

    opened = control.dispute(charge.id, reason="product_not_received")
    control.close_dispute(opened["id"], won=False, wait=True)

    dispute = client.v1.disputes.list({"charge": charge.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.amount) == (
        "lost",
        "product_not_received",
        6000,
    )
    assert [money.net for money in dispute.balance_transactions] == [-8000]
    assert client.v1.charges.retrieve(charge.id).disputed is True
    assert receiver.types == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        client.v1.refunds.create({"charge": charge.id})


def test_dispute_won_by_evidence(client, control, charge, receiver):
    opened = control.dispute(charge.id)

    won = client.v1.disputes.update(
        opened["id"], {"evidence": {"uncategorized_text": "winning_evidence"}}
    )
    control.wait()

    assert won.status == "won"
    assert [money.amount for money in won.balance_transactions] == [-6000, 6000]
    assert receiver.types[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]


def test_card_that_is_disputed_by_itself(client, shop, control):
    shop.subscribe(card=DISPUTED)
    assert client.v1.disputes.list().data == []

    control.advance(1)

    assert client.v1.disputes.list().data[0].status == "needs_response"
