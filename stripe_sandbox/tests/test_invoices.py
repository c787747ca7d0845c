"""Invoices and the payments behind them."""

import pytest
import requests
import stripe

from stripe_sandbox.billing.amounts import processing_fee, tax_on
from stripe_sandbox.tests.conftest import START, at


@pytest.fixture
def invoice(shop):
    return shop.invoices(shop.subscribe())[0]


def test_amounts_with_vat_on_top(invoice, shop):
    assert (invoice.subtotal, invoice.total_excluding_tax, invoice.total) == (5000, 5000, 6000)
    assert (invoice.amount_due, invoice.amount_paid, invoice.amount_remaining) == (6000, 6000, 0)
    tax = invoice.total_taxes[0]
    assert (tax.amount, tax.taxable_amount, tax.tax_behavior) == (1000, 5000, "exclusive")
    assert tax.tax_rate_details.tax_rate == shop.vat.id


def test_state_of_a_paid_invoice(invoice):
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_create")
    assert invoice.status_transitions.paid_at == START
    assert (invoice.attempted, invoice.attempt_count) == (True, 1)
    assert invoice.next_payment_attempt is None
    assert invoice.number.endswith("-0001")


def test_link_to_the_subscription(client, invoice):
    details = invoice.parent.subscription_details

    assert details.metadata["member"] == "42"
    assert client.v1.subscriptions.retrieve(details.subscription).latest_invoice == invoice.id


def test_lines(client, invoice, shop):
    line = client.v1.invoices.line_items.list(invoice.id).data[0]

    assert (line.period.start, line.period.end) == (START, at(2025, 2, 1))
    assert line.pricing.price_details.price == shop.monthly.id
    assert line.parent.subscription_item_details.proration is False
    assert line.taxes[0].amount == 1000


def test_payment_can_be_followed_to_the_balance(client, invoice):
    payment = client.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    intent = client.v1.payment_intents.retrieve(payment.payment.payment_intent)
    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction"]})

    assert (payment.status, payment.amount_paid) == ("paid", 6000)
    assert (intent.status, charge.status) == ("succeeded", "succeeded")
    transaction = charge.balance_transaction
    assert (transaction.amount, transaction.fee, transaction.net) == (6000, 110, 5890)
    found = client.v1.balance_transactions.retrieve(transaction.id)
    assert found.source == charge.id


def test_invoice_of_a_payment_intent(client, invoice):
    payment = client.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    intent = payment.payment.payment_intent

    found = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent}}
    )

    assert [entry.invoice for entry in found.data] == [invoice.id]


def test_list_filters(client, shop):
    first = shop.subscribe()
    second = shop.subscribe(card="4000000000000341")
    shop.control.advance_to(at(2025, 2, 2))

    def count(**params):
        return len(client.v1.invoices.list(params).data)

    assert count() == 4
    assert count(subscription=first.id) == 2
    assert count(customer=second.customer) == 2
    assert count(status="open") == 1
    assert count(created={"gte": at(2025, 2, 1)}) == 2


def test_paid_invoice_cannot_be_paid_again(client, invoice):
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        client.v1.invoices.pay(invoice.id)


def test_hosted_page(invoice):
    page = requests.get(invoice.hosted_invoice_url, timeout=5).text

    assert invoice.number in page
    assert "£60.00" in page


def test_refund(client, invoice):
    charge = client.v1.charges.list().data[0]

    part = client.v1.refunds.create({"charge": charge.id, "amount": 1000})
    rest = client.v1.refunds.create({"payment_intent": charge.payment_intent})

    assert (part.amount, rest.amount) == (1000, 5000)
    assert client.v1.charges.retrieve(charge.id).refunded is True
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        client.v1.refunds.create({"charge": charge.id})


@pytest.mark.parametrize(("amount", "fee"), [(6000, 110), (1100, 37), (1000, 35), (99, 21)])
def test_fee_is_rounded_half_up(amount, fee):
    assert processing_fee(amount) == fee


def test_inclusive_tax_is_taken_out_of_the_amount():
    tax = tax_on(6000, {"id": "txr_1", "inclusive": True, "percentage": 20})

    assert (tax["amount"], tax["taxable_amount"]) == (1000, 5000)
