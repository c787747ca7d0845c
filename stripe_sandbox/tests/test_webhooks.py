import threading

import pytest
import stripe

from stripe_sandbox.process import running_sandbox
from stripe_sandbox.tests.conftest import SECRET, START, connect


def test_event_is_delivered_signed(client, control, receiver):
    made = client.v1.customers.create({"email": "alice@example.com"})
    control.wait()

    event = receiver.events[0]
    assert (event.type, event.api_version) == ("customer.created", "2026-08-26.dahlia")
    assert event.data.object.id == made.id
    assert event.created == START


def test_signature_depends_on_the_secret(client, control, receiver):
    kept = []
    receiver.take = lambda body, signature: kept.append((body, signature)) or 200
    client.v1.customers.create({})
    control.wait()

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(*kept[0], "whsec_other")


def test_signature_may_follow_the_clock(client, control, receiver):
    signatures = []
    check = receiver.take
    receiver.take = lambda body, signature: signatures.append((body, signature)) or 200
    control.sign_with_clock()
    client.v1.customers.create({})
    control.wait()
    receiver.take = check

    body, signature = signatures[0]
    assert signature.startswith(f"t={START},")
    assert stripe.WebhookSignature.verify_header(body.decode(), signature, SECRET)


def test_refused_delivery_is_tried_again(client, control, receiver):
    receiver.answers = [500, 503]
    client.v1.customers.create({})

    assert control.wait()

    assert receiver.types == ["customer.created"]
    assert control.deliveries()[0]["attempts"] == 3


def test_delivery_is_given_up_and_can_be_sent_again(client, control, receiver):
    receiver.answers = [500] * 6
    client.v1.customers.create({})
    control.wait()
    failed = control.deliveries()[0]
    assert (failed["status"], failed["attempts"], failed["response_status"]) == ("failed", 6, 500)

    control.retry(failed["id"], wait=True)

    assert control.deliveries()[0]["status"] == "delivered"
    assert receiver.types == ["customer.created"]


def test_failing_delivery_does_not_hold_up_the_others(client, control, receiver):
    receiver.answers = [500]
    client.v1.customers.create({"name": "first"})
    client.v1.customers.create({"name": "second"})
    control.wait()

    assert sorted(event.data.object.name for event in receiver.events) == ["first", "second"]


def test_events_arrive_in_order(client, control, receiver):
    names = [str(number) for number in range(20)]
    for name in names:
        client.v1.customers.create({"name": name})
    control.wait()

    assert [event.data.object.name for event in receiver.events] == names


def test_receiver_may_call_back_while_it_handles(client, shop, control, receiver):
    seen = []

    def ask(event):
        if event.type == "customer.subscription.created":
            seen.append(client.v1.subscriptions.retrieve(event.data.object.id).status)

    receiver.on_event = ask
    shop.subscribe()

    assert seen == ["active"]


def test_in_step_lets_the_receiver_see_each_state(client, shop, control, receiver):
    subscription = shop.subscribe(card="4000000000000341")
    seen = []

    def ask(event):
        if event.type.startswith("customer.subscription."):
            seen.append(client.v1.subscriptions.retrieve(subscription.id).status)

    receiver.on_event = ask
    control.advance(86400 * 60, in_step=True)

    assert seen == ["past_due", "canceled"]


def test_endpoint_only_gets_what_it_asked_for(client, control, receiver):
    given = client.v1.webhook_endpoints.list().data[0]
    client.v1.webhook_endpoints.update(given.id, {"enabled_events": ["product.created"]})

    client.v1.customers.create({})
    client.v1.products.create({"name": "Membership"})
    control.wait()

    assert receiver.types == ["product.created"]


def test_several_endpoints(client, control, receiver):
    more = client.v1.webhook_endpoints.create(
        {"url": f"{receiver.url}/2", "enabled_events": ["customer.created"]}
    )
    assert more.secret.startswith("whsec_")
    assert "secret" not in client.v1.webhook_endpoints.retrieve(more.id)
    receiver.take = lambda body, signature: 200

    client.v1.customers.create({})
    control.wait()
    assert len(control.deliveries()) == 2

    client.v1.webhook_endpoints.delete(more.id)
    client.v1.customers.create({})
    control.wait()
    assert len(control.deliveries()) == 3


def test_configured_endpoint_gets_the_six_by_default(receiver):
    with running_sandbox(receiver.url, SECRET) as running:
        client = connect(running.url)
        client.v1.customers.create({})

        assert running.control.deliveries() == []
        assert client.v1.events.list().data[0].type == "customer.created"


def test_unreachable_receiver(client, control):
    endpoint = client.v1.webhook_endpoints.list().data[0]
    client.v1.webhook_endpoints.update(endpoint.id, {"url": "http://127.0.0.1:9/"})

    client.v1.customers.create({})

    assert control.wait()
    assert control.deliveries()[0]["error"]


def test_events_are_kept(client, shop):
    shop.subscribe()

    found = client.v1.events.list({"type": "invoice.*"}).data
    listed = client.v1.events.list({"types": ["invoice.paid", "customer.created"]}).data

    assert {event.type.split(".")[0] for event in found} == {"invoice"}
    assert {event.type for event in listed} == {"invoice.paid", "customer.created"}
    assert client.v1.events.retrieve(found[0].id).id == found[0].id


def test_slow_receiver_does_not_block_the_api(client, control, receiver):
    asked = threading.Event()
    receiver.on_event = lambda event: asked.wait(10)
    client.v1.customers.create({"name": "Alice"})

    listed = client.v1.customers.list().data
    changed = client.v1.customers.update(listed[0].id, {"name": "Alicia"})

    assert (changed.name, control.deliveries()[-1]["status"]) == ("Alicia", "pending")
    asked.set()
    assert control.wait()
