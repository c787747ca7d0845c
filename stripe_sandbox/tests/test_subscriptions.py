import pytest
import stripe

from stripe_sandbox.tests.conftest import START, at


def test_a_new_subscription(shop):
    subscription = shop.subscribe()

    item = subscription["items"].data[0]
    assert subscription.status == "active"
    assert (subscription.start_date, subscription.billing_cycle_anchor) == (START, START)
    assert (item.current_period_start, item.current_period_end) == (START, at(2025, 2, 1))
    assert (item.price.id, item.quantity) == (shop.monthly.id, 1)
    assert subscription.default_tax_rates[0].id == shop.vat.id
    assert "current_period_end" not in subscription


def test_related_objects_are_expanded(client, shop):
    name = shop.subscribe().id

    found = client.v1.subscriptions.retrieve(
        name, {"expand": ["customer", "latest_invoice.payments", "default_payment_method", "x.y"]}
    )

    assert found.customer.email == "alice@example.com"
    assert found.latest_invoice.payments.data[0].status == "paid"
    assert found.default_payment_method.card.last4 == "4242"


def test_items(client, shop):
    subscription = shop.subscribe()

    item = client.v1.subscription_items.list({"subscription": subscription.id}).data[0]

    assert client.v1.subscription_items.retrieve(item.id).price.id == shop.monthly.id


def test_listing_leaves_out_ended_ones_unless_asked(client, shop):
    running, ended = shop.subscribe(), shop.subscribe()
    client.v1.subscriptions.cancel(ended.id)

    def listed(**params):
        return {found.id for found in client.v1.subscriptions.list(params).data}

    assert listed() == {running.id}
    assert listed(status="all") == {running.id, ended.id}
    assert listed(status="canceled") == {ended.id}
    assert listed(customer=running.customer) == {running.id}


def test_cancel_at_once(client, shop, receiver, control):
    subscription = shop.subscribe()

    client.v1.subscriptions.cancel(
        subscription.id, {"cancellation_details": {"comment": "moving", "feedback": "other"}}
    )

    found = shop.subscription(subscription.id)
    assert (found.status, found.ended_at, found.canceled_at) == ("canceled", START, START)
    assert found.cancellation_details.reason == "cancellation_requested"
    assert found.cancellation_details.comment == "moving"
    control.wait()
    assert receiver.types[-1] == "customer.subscription.deleted"


def test_cancel_at_period_end_and_take_it_back(client, shop):
    name = shop.subscribe().id

    leaving = client.v1.subscriptions.update(name, {"cancel_at_period_end": True})
    assert (leaving.cancel_at_period_end, leaving.cancel_at) == (True, at(2025, 2, 1))
    assert (leaving.status, leaving.canceled_at) == ("active", START)

    staying = client.v1.subscriptions.update(name, {"cancel_at_period_end": False})
    assert (staying.cancel_at_period_end, staying.cancel_at) == (False, None)
    assert (staying.canceled_at, staying.cancellation_details.reason) == (None, None)


def test_scheduled_end_comes(client, shop, control):
    subscription = shop.subscribe()
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    control.advance_to(at(2025, 3, 1))

    found = shop.subscription(subscription.id)
    assert (found.status, found.ended_at) == ("canceled", at(2025, 2, 1))
    assert found.cancellation_details.reason == "cancellation_requested"
    assert len(shop.invoices(subscription)) == 1


def test_cancel_at_a_moment(client, shop, control):
    subscription = shop.subscribe()
    client.v1.subscriptions.update(subscription.id, {"cancel_at": at(2025, 2, 10)})

    control.advance_to(at(2025, 3, 1))

    assert shop.subscription(subscription.id).ended_at == at(2025, 2, 10)
    assert len(shop.invoices(subscription)) == 2


def test_metadata_update_is_announced_once(client, shop, receiver, control):
    subscription = shop.subscribe()
    receiver.events.clear()

    client.v1.subscriptions.update(subscription.id, {"metadata": {"member": "43"}})
    control.wait()

    assert receiver.types == ["customer.subscription.updated"]
    before = receiver.events[0].data.previous_attributes.to_dict()
    assert before == {"metadata": {"member": "42"}}


def test_wrong_update_changes_nothing(client, shop):
    subscription = shop.subscribe()

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(
            subscription.id, {"metadata": {"a": "b"}, "default_payment_method": "pm_none"}
        )

    assert "a" not in shop.subscription(subscription.id).metadata


def test_ended_subscription_cannot_be_changed(client, shop):
    subscription = shop.subscribe()
    client.v1.subscriptions.cancel(subscription.id)

    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
