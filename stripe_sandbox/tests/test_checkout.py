import pytest
import stripe

from stripe_sandbox.tests.conftest import START


def test_session_states_what_is_to_be_paid(shop):
    session = shop.session()

    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_subtotal, session.amount_total) == (5000, 6000)
    assert session.total_details.amount_tax == 1000
    assert session.expires_at == START + 86400


def test_line_items_are_listed_and_expanded(client, shop):
    session = shop.session()

    listed = client.v1.checkout.sessions.line_items.list(session.id)
    expanded = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})

    assert listed.data[0].price.id == shop.monthly.id
    assert expanded.line_items.data[0].id == listed.data[0].id


def test_paying_completes_the_session(client, control, shop):
    session = shop.session(client_reference_id="member-42")

    control.pay(session.id)

    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert paid.client_reference_id == "member-42"
    assert paid.metadata["place"] == "7"
    assert paid.customer_details.email == "alice@example.com"
    assert paid.subscription.status == "active"
    assert paid.subscription.metadata["member"] == "42"


def test_existing_customer_is_kept(client, shop):
    customer = client.v1.customers.create({"email": "bob@example.com"})

    subscription = shop.subscribe(customer=customer.id)

    assert subscription.customer == customer.id
    assert len(client.v1.customers.list().data) == 1


def test_events_of_a_purchase_in_order(shop, receiver, control):
    control.wait()
    receiver.events.clear()

    shop.subscribe()

    assert receiver.types == [
        "customer.created",
        "payment_method.attached",
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "customer.subscription.created",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
    ]


def test_declined_card_leaves_the_session_open(client, control, shop):
    session = shop.session()

    with pytest.raises(Exception, match="declined"):
        control.pay(session.id, "4000000000000002")

    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    charge = client.v1.charges.list().data[0]
    assert (charge.status, charge.failure_code) == ("failed", "card_declined")


def test_sessions_expire_after_a_day(client, control, shop, receiver):
    session = shop.session()

    control.advance(86400, wait=True)

    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert receiver.types[-1] == "checkout.session.expired"


def test_expired_session_cannot_be_paid(client, control, shop):
    session = shop.session()
    client.v1.checkout.sessions.expire(session.id)

    with pytest.raises(Exception, match="expired"):
        control.pay(session.id)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mode": "payment"}, "parameter_invalid"),
        ({"line_items": [{"price": "price_none"}]}, "resource_missing"),
        ({"line_items": [{"quantity": 1}]}, "parameter_missing"),
        ({"success_url": ""}, "parameter_missing"),
        ({"discounts": [{"coupon": "half"}]}, "resource_missing"),
        ({"subscription_data": {"trial_end": 1}}, "parameter_invalid"),
        ({"subscription_data": {"trial_days": 7}}, "parameter_unknown"),
        ({"priority": "high"}, "parameter_unknown"),
    ],
)
def test_refused_parameters(shop, change, code):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.session(**change)

    assert caught.value.code == code


def test_sessions_are_listed_by_customer(client, shop):
    shop.session()
    subscription = shop.subscribe()

    found = client.v1.checkout.sessions.list({"customer": subscription.customer})

    assert [session.subscription for session in found.data] == [subscription.id]
