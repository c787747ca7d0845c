import time

import pytest
import requests

from stripe_sandbox.control import ControlError
from stripe_sandbox.process import running_sandbox
from stripe_sandbox.tests.conftest import START, Shop, at, connect


def test_frozen_clock_stands_still(client, control):
    assert control.clock()["frozen"]
    assert client.v1.customers.create({}).created == START


def test_clock_may_go_back_only_before_anything_happened(client, control):
    control.freeze(START - 1000)
    client.v1.customers.create({})

    with pytest.raises(ControlError, match="only goes forwards"):
        control.freeze(START - 2000)
    with pytest.raises(ControlError, match="only goes forwards"):
        control.advance_to(START - 2000)


def test_freezing_later_lets_what_is_due_happen(shop, control):
    subscription = shop.subscribe()

    control.freeze(at(2025, 2, 2))

    assert len(shop.invoices(subscription)) == 2


def test_release_runs_with_the_wall_again(shop, control):
    subscription = shop.subscribe(shop.yearly)

    control.release()

    clock = control.clock()
    assert (clock["frozen"], clock["offset"]) == (False, 0)
    assert abs(clock["now"] - time.time()) < 5
    assert len(shop.invoices(subscription)) >= 2


def test_running_clock_keeps_its_lead(receiver):
    with running_sandbox() as running:
        running.control.advance(1000)

        assert not running.control.clock()["frozen"]
        assert abs(running.control.now() - time.time() - 1000) < 5


def test_running_clock_lets_things_fall_due_by_itself(monkeypatch):
    monkeypatch.setattr("stripe_sandbox.timetable.TICK_SECONDS", 0.05)
    with running_sandbox() as running:
        client = connect(running.url)
        session = Shop(running, client).session()
        monkeypatch.setitem(running.sandbox.timetable.due, session.id, 1)

        deadline = time.monotonic() + 10
        while client.v1.checkout.sessions.retrieve(session.id).status == "open":
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize(("by_flag", "flag"), [(False, False), (True, True)])
def test_cancel_as_the_portal_or_as_the_api(shop, control, by_flag, flag):
    subscription = shop.subscribe()

    control.cancel(subscription.id, by_flag=by_flag)

    found = shop.subscription(subscription.id)
    assert (found.cancel_at_period_end, found.cancel_at) == (flag, at(2025, 2, 1))


def test_cancel_now(shop, control):
    subscription = shop.subscribe()

    control.cancel(subscription.id, at_period_end=False, wait=True)

    assert shop.subscription(subscription.id).status == "canceled"
    with pytest.raises(ControlError, match="already ended"):
        control.cancel(subscription.id)


def test_card_is_replaced_everywhere(client, shop, control, receiver):
    subscription = shop.subscribe()
    receiver.events.clear()

    method = control.set_card(subscription.customer, "5555555555554444", wait=True)

    assert receiver.types == [
        "payment_method.attached",
        "customer.updated",
        "customer.subscription.updated",
    ]
    assert shop.subscription(subscription.id).default_payment_method == method["id"]
    customer = client.v1.customers.retrieve(subscription.customer)
    assert customer.invoice_settings.default_payment_method == method["id"]


def test_reset_forgets_everything(client, shop, control):
    shop.subscribe()

    control.reset()

    assert client.v1.customers.list().data == []
    assert control.deliveries() == []
    assert len(client.v1.webhook_endpoints.list().data) == 1


def test_same_seed_gives_the_same_ids(shop, control, client):
    first = shop.subscribe().id
    control.reset()
    control.freeze(START)

    assert Shop(shop, client).subscribe().id == first


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"advance_to": "tomorrow"}),
        ("checkout/cs_none/pay", {"card_number": "4242424242424242"}),
        ("customers/cus_none/card", {"card_number": "4242424242424242"}),
        ("deliveries/dlv_none/retry", {}),
    ],
)
def test_mistakes_are_explained(sandbox, path, body):
    answer = requests.post(f"{sandbox.url}/_sandbox/{path}", json=body, timeout=5)

    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["message"]
