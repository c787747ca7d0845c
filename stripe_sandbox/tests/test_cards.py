"""3-D Secure, expiring cards, and what banks refuse for good."""

import pytest
import requests
import stripe

from stripe_sandbox.control import ControlError
from stripe_sandbox.tests.conftest import START, at

ASKS = "4000002500003155"
DAY = 86400


@pytest.fixture
def asked(shop, control):
    """A renewal for which the bank asks for authentication."""
    subscription = shop.subscribe(card=ASKS)
    control.advance_to(at(2025, 2, 2), wait=True)
    return shop.subscription(subscription.id)


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
    ],
)
def test_what_the_bank_says(client, shop, number, code, decline_code):
    with pytest.raises(ControlError):
        shop.control.pay(shop.session().id, number)

    charge = client.v1.charges.list().data[0]
    error = client.v1.payment_intents.list().data[0].last_payment_error
    assert (error.code, error.decline_code) == (code, decline_code)
    assert (charge.failure_code, charge.outcome.reason) == (code, decline_code)


def test_checkout_asks_for_authentication(client, shop):
    session = shop.session()
    data = {"card_number": ASKS, "email": "alice@example.com", "expiry": "12 / 34"}

    page = requests.post(session.url, data=data, timeout=5)
    failed = requests.post(session.url, data=data | {"authenticate": "fail"}, timeout=5)
    assert 'id="complete"' in page.text
    assert "unable to authenticate" in failed.text
    assert client.v1.subscriptions.list().data == []
    done = requests.post(
        session.url, data=data | {"authenticate": "complete"}, allow_redirects=False, timeout=5
    )

    assert done.status_code == 303
    assert client.v1.subscriptions.list().data[0].status == "active"


def test_renewal_asks_for_authentication(client, shop, control, receiver, asked):
    invoice = shop.invoices(asked)[0]
    payment = client.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    intent = client.v1.payment_intents.retrieve(payment.payment.payment_intent)

    assert (asked.status, intent.status) == ("past_due", "requires_action")
    assert (invoice.status, invoice.next_payment_attempt) == ("open", None)
    assert receiver.types[-4:] == [
        "payment_intent.requires_action",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]


def test_authentication_pays_the_renewal(shop, control, asked):
    control.authenticate(asked.latest_invoice)

    assert shop.subscription(asked.id).status == "active"
    assert shop.invoices(asked)[0].status == "paid"


def test_failed_authentication(client, shop, control, asked):
    control.authenticate(asked.latest_invoice, done=False)

    intent = client.v1.payment_intents.list().data[0]
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert shop.subscription(asked.id).status == "past_due"


def test_paying_by_the_api_says_what_is_needed(client, asked):
    with pytest.raises(stripe.CardError) as caught:
        client.v1.invoices.pay(asked.latest_invoice)

    assert caught.value.code == "invoice_payment_intent_requires_action"


def test_hard_decline_charges_nothing_again(client, shop, control, receiver):
    subscription = shop.subscribe()
    control.bank_says(subscription.default_payment_method, decline_code="lost_card")

    control.advance_to(at(2025, 2, 2))
    first = shop.invoices(subscription)[0]
    control.advance_to(at(2025, 2, 12), wait=True)

    later = shop.invoices(subscription)[0]
    assert (first.attempt_count, first.next_payment_attempt) == (1, None)
    assert (later.attempt_count, later.next_payment_attempt) == (4, None)
    assert receiver.types.count("charge.failed") == 1
    control.advance_to(at(2025, 2, 16))
    assert shop.subscription(subscription.id).cancellation_details.reason == "payment_failed"


def test_new_card_after_a_hard_decline_is_charged_at_the_next_retry(shop, control):
    subscription = shop.subscribe()
    control.bank_says(subscription.default_payment_method, decline_code="stolen_card")
    control.advance_to(at(2025, 2, 2))
    control.set_card(subscription.customer, "4242424242424242")

    control.advance_to(at(2025, 2, 5))

    assert shop.subscription(subscription.id).status == "active"


def test_expired_card_is_soft(client, shop, control):
    session = shop.session()
    subscription = shop.subscription(
        control.pay(session.id, exp_month=1, exp_year=2025)["subscription"]
    )

    control.advance_to(at(2025, 2, 2))

    invoice = shop.invoices(subscription)[0]
    charge = client.v1.charges.list().data[0]
    assert (charge.failure_code, invoice.next_payment_attempt) == ("expired_card", at(2025, 2, 4))
    method = client.v1.payment_methods.retrieve(subscription.default_payment_method)
    assert (method.card.exp_month, method.card.exp_year) == (1, 2025)


def test_network_renews_a_card(client, shop, control, receiver):
    subscription = shop.subscribe()

    control.bank_says(subscription.default_payment_method, exp_month=3, exp_year=2031, wait=True)

    assert receiver.types[-1] == "payment_method.automatically_updated"
    before = receiver.events[-1].data.previous_attributes.card
    assert (before.exp_month, before.exp_year) == (12, 2034)


def test_customer_changes_the_dates(client, shop, receiver, control):
    method = shop.subscribe().default_payment_method

    changed = client.v1.payment_methods.update(method, {"card": {"exp_month": 5}})
    control.wait()

    assert (changed.card.exp_month, receiver.types[-1]) == (5, "payment_method.updated")


@pytest.mark.parametrize(("month", "year"), [(13, 2030), (12, 2024)])
def test_wrong_dates(client, month, year):
    card = {"number": "4242424242424242", "exp_month": month, "exp_year": year}

    with pytest.raises(stripe.CardError, match="expiration"):
        client.v1.payment_methods.create({"type": "card", "card": card})


def test_update_that_must_be_paid_and_asks(client, shop, control):
    subscription = shop.subscribe(card=ASKS)
    control.advance(DAY)

    with pytest.raises(stripe.CardError) as caught:
        client.v1.subscriptions.update(
            subscription.id,
            {"billing_cycle_anchor": "now", "payment_behavior": "error_if_incomplete"},
        )

    assert caught.value.code == "subscription_payment_intent_requires_action"
    assert shop.subscription(subscription.id).billing_cycle_anchor == START
