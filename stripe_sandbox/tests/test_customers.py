import pytest
import stripe

GOOD = {"type": "card", "card": {"number": "4242424242424242"}}


def test_create_retrieve_and_update(client):
    made = client.v1.customers.create({"email": "alice@example.com", "metadata": {"member": "1"}})

    client.v1.customers.update(made.id, {"name": "Alice", "metadata": {"team": "a"}})

    found = client.v1.customers.retrieve(made.id)
    assert (found.email, found.name) == ("alice@example.com", "Alice")
    assert found.metadata.to_dict() == {"member": "1", "team": "a"}


def test_list_by_email(client):
    alice = client.v1.customers.create({"email": "alice@example.com"})
    client.v1.customers.create({"email": "bob@example.com"})

    found = client.v1.customers.list({"email": "alice@example.com"})

    assert [customer.id for customer in found.data] == [alice.id]


def test_deleted_customer_leaves_a_stub_and_no_subscription(client, shop):
    subscription = shop.subscribe()

    client.v1.customers.delete(subscription.customer)

    assert client.v1.customers.retrieve(subscription.customer).deleted
    assert client.v1.customers.list().data == []
    assert shop.subscription(subscription.id).status == "canceled"


def test_card_is_attached_made_default_and_detached(client):
    customer = client.v1.customers.create({"email": "alice@example.com"})
    card = client.v1.payment_methods.create(GOOD)
    client.v1.payment_methods.attach(card.id, {"customer": customer.id})
    client.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": card.id}}
    )

    listed = client.v1.customers.payment_methods.list(customer.id)
    assert [method.card.last4 for method in listed.data] == ["4242"]
    assert client.v1.payment_methods.list({"customer": customer.id}).data[0].id == card.id

    client.v1.payment_methods.detach(card.id)
    assert client.v1.payment_methods.retrieve(card.id).customer is None
    found = client.v1.customers.retrieve(customer.id)
    assert found.invoice_settings.default_payment_method is None


def test_a_strangers_card_cannot_become_default(client):
    customer = client.v1.customers.create({})
    card = client.v1.payment_methods.create(GOOD)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": card.id}}
        )

    assert caught.value.code == "resource_missing"


def test_declining_card_cannot_be_attached(client):
    customer = client.v1.customers.create({})
    card = client.v1.payment_methods.create(
        {"type": "card", "card": {"number": "4000000000009995"}}
    )

    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_methods.attach(card.id, {"customer": customer.id})

    assert caught.value.code == "card_declined"
    assert caught.value.error.decline_code == "insufficient_funds"


def test_update_event_says_what_was_before(client, control, receiver):
    customer = client.v1.customers.create({"name": "Alice"})
    client.v1.customers.update(customer.id, {"name": "Alicia"})
    control.wait()

    assert receiver.types == ["customer.created", "customer.updated"]
    assert receiver.events[1].data.previous_attributes.to_dict() == {"name": "Alice"}
