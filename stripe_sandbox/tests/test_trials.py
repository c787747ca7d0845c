"""Trials, and subscriptions made without the checkout page."""

import pytest
import stripe

from stripe_sandbox.tests.conftest import START, at

DAY = 86400
FAILS_LATER = "4000000000000341"


@pytest.fixture
def data(shop):
    return {"default_tax_rates": [shop.vat.id], "trial_period_days": 14}


@pytest.fixture
def member(client):
    """Makes a customer with a card on file."""

    def member(card="4242424242424242"):
        customer = client.v1.customers.create({"email": "alice@example.com"})
        method = client.v1.payment_methods.create({"type": "card", "card": {"number": card}})
        client.v1.payment_methods.attach(method.id, {"customer": customer.id})
        settings = {"default_payment_method": method.id}
        return client.v1.customers.update(customer.id, {"invoice_settings": settings})

    return member


@pytest.fixture
def create(client, shop):
    def create(customer, **more):
        wish = {"customer": customer.id, "items": [{"price": shop.monthly.id}]}
        return client.v1.subscriptions.create({**wish, **more})

    return create


def test_trial_from_checkout_costs_nothing_yet(client, shop, data):
    subscription = shop.subscribe(subscription_data=data)

    session = client.v1.checkout.sessions.list().data[0]
    assert (session.amount_total, session.payment_status) == (0, "no_payment_required")
    assert (subscription.status, subscription.trial_end) == ("trialing", START + 14 * DAY)
    assert subscription["items"].data[0].current_period_end == START + 14 * DAY
    assert [invoice.total for invoice in shop.invoices(subscription)] == [0]
    assert client.v1.charges.list().data == []


def test_trial_turns_into_a_paid_period(shop, data, control, receiver):
    subscription = shop.subscribe(subscription_data=data)

    control.advance(11 * DAY, wait=True)
    assert receiver.types[-1] == "customer.subscription.trial_will_end"
    control.advance(3 * DAY, wait=True)

    found = shop.subscription(subscription.id)
    assert (found.status, found.billing_cycle_anchor) == ("active", START + 14 * DAY)
    assert found["items"].data[0].current_period_end == at(2025, 2, 15)
    assert shop.invoices(found)[0].total == 6000
    assert receiver.types.count("customer.subscription.trial_will_end") == 1


def test_trial_that_cannot_be_paid_is_past_due(shop, data, control):
    subscription = shop.subscribe(card=FAILS_LATER, subscription_data=data)

    control.advance(15 * DAY)

    assert shop.subscription(subscription.id).status == "past_due"


def test_trial_cut_short(client, shop, data):
    subscription = shop.subscribe(subscription_data=data)

    paid = client.v1.subscriptions.update(subscription.id, {"trial_end": "now"})

    assert (paid.status, paid.trial_end) == ("active", START)
    assert [invoice.total for invoice in shop.invoices(paid)] == [6000, 0]
    assert paid["items"].data[0].current_period_end == at(2025, 2, 1)


def test_trial_given_later_credits_the_paid_time(client, shop, control):
    subscription = shop.subscribe()

    changed = client.v1.subscriptions.update(subscription.id, {"trial_end": at(2025, 3, 1)})

    assert (changed.status, changed.billing_cycle_anchor) == ("trialing", at(2025, 3, 1))
    assert client.v1.invoice_items.list({"pending": True}).data[0].amount == -5000


def test_made_by_the_api(shop, member, create):
    subscription = create(member(), default_tax_rates=[shop.vat.id])

    assert subscription.status == "active"
    assert shop.invoices(subscription)[0].amount_paid == 6000


def test_first_payment_that_fails_leaves_it_incomplete(client, shop, member, create, control):
    customer = member(FAILS_LATER)
    subscription = create(customer)
    assert subscription.status == "incomplete"
    control.set_card(customer.id, "4242424242424242")

    client.v1.invoices.pay(subscription.latest_invoice)

    assert shop.subscription(subscription.id).status == "active"


def test_incomplete_expires_after_23_hours(shop, member, create, control):
    subscription = create(member(FAILS_LATER))

    control.advance(23 * 3600)

    assert shop.subscription(subscription.id).status == "incomplete_expired"
    assert shop.invoices(subscription)[0].status == "void"


def test_first_payment_may_be_a_condition(client, member, create):
    with pytest.raises(stripe.CardError):
        create(member(FAILS_LATER), payment_behavior="error_if_incomplete")

    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_a_card_is_needed(client, create):
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        create(client.v1.customers.create({}))


def test_voiding_the_first_invoice_expires_it(client, shop, member, create):
    subscription = create(member(FAILS_LATER))

    client.v1.invoices.void_invoice(subscription.latest_invoice)

    assert shop.subscription(subscription.id).status == "incomplete_expired"
