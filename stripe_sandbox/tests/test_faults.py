"""The switches for webhooks and for the API."""

import time

import pytest
import requests
import stripe

from stripe_sandbox.control import ControlError
from stripe_sandbox.process import running_sandbox
from stripe_sandbox.tests.conftest import KEY, SECRET, START, connect


def make(client, count: int) -> list[str]:
    return [client.v1.customers.create({"name": str(number)}).id for number in range(count)]


def names(receiver) -> list[str]:
    return [event.data.object.name for event in receiver.events]


def test_dropped_webhooks_are_seen_and_can_be_sent_after_all(client, control, receiver):
    control.switch(webhook_drop=1)
    make(client, 2)
    assert control.wait()
    assert (receiver.calls, control.deliveries()[0]["status"]) == (0, "dropped")

    control.retry(control.deliveries()[0]["id"], wait=True)

    assert names(receiver) == ["1"]


def test_duplicates_carry_the_same_event(client, control, receiver):
    control.switch(webhook_duplicate=1)
    make(client, 2)
    control.wait()

    assert names(receiver) == ["0", "0", "1", "1"]
    assert len({event.id for event in receiver.events}) == 2


def test_twins_are_two_events_for_one_happening(client, control, receiver):
    control.switch(webhook_twin=1)
    make(client, 1)
    control.wait()

    assert names(receiver) == ["0", "0"]
    assert len({event.id for event in receiver.events}) == 2


def test_delayed_webhooks_come_later(client, control, receiver):
    control.switch(webhook_delay=1, webhook_delay_seconds=0.3)
    make(client, 1)
    control.switch(webhook_delay=0)
    client.v1.customers.create({"name": "prompt"})
    control.wait()

    assert names(receiver) == ["prompt", "0"]


def test_reordered_webhooks_all_come(shop, control, receiver):
    control.switch(webhook_reorder=0.4, webhook_reorder_seconds=0.2)
    receiver.events.clear()
    shop.subscribe()
    control.wait()

    sent = [event.id for event in receiver.events]
    made = [event.id for event in shop.client.v1.events.list({"limit": 100}).data[::-1]]
    assert sent != made[-len(sent) :]
    assert sorted(sent) == sorted(made[-len(sent) :])


def test_same_seed_meets_the_same_faults(receiver):
    drilled = []
    for _ in range(2):
        receiver.events.clear()
        with running_sandbox(receiver.url, SECRET, enabled_events=("*",)) as running:
            running.control.freeze(START)
            running.control.switch(webhook_drop=0.5)
            make(connect(running.url), 12)
            running.control.wait()
            drilled.append((names(receiver), running.control.suffered()))

    assert drilled[0] == drilled[1]
    assert 0 < drilled[0][1]["webhook_drop"] < 12


def test_share_of_calls_fails(client, control):
    control.switch(api_429=0.2, api_500=0.2, api_503=0.2)
    statuses = []
    for _ in range(30):
        try:
            client.v1.customers.list()
        except stripe.StripeError as error:
            statuses.append(error.http_status)
    control.no_faults()

    assert set(statuses) == {429, 500, 503}
    assert 8 < len(statuses) < 28
    assert client.v1.customers.list().data == []


def test_rate_limit_says_when_to_come_again(sandbox, control):
    control.switch(api_429=1)

    answer = requests.get(
        f"{sandbox.url}/v1/account", headers={"Authorization": f"Bearer {KEY}"}, timeout=5
    )

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.json()["error"]["code"] == "rate_limit"


def test_only_some_paths_and_methods(client, control):
    control.switch(api_500=1, api_paths=["/v1/customers"], api_methods=["POST"])

    assert client.v1.customers.list().data == []
    assert client.v1.products.create({"name": "Membership"}).id
    with pytest.raises(stripe.APIError):
        client.v1.customers.create({})


@pytest.mark.parametrize(("switch", "made"), [("api_timeout", 0), ("api_lost", 1)])
def test_no_answer_with_and_without_the_work_done(client, control, switch, made):
    control.switch(**{switch: 1}, api_timeout_seconds=0.2, api_methods=["POST"])
    started = time.monotonic()

    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({})

    assert time.monotonic() - started >= 0.2
    assert len(client.v1.customers.list().data) == made


def test_repeating_a_lost_call_with_its_key_finds_the_first_answer(client, control):
    control.switch(api_lost=1, api_timeout_seconds=0)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({}, {"idempotency_key": "once"})
    control.no_faults()

    again = client.v1.customers.create({}, {"idempotency_key": "once"})

    assert [customer.id for customer in client.v1.customers.list().data] == [again.id]


@pytest.mark.parametrize("wish", [{"api_418": 1}, {"webhook_drop": 2}, {"webhook_drop": "often"}])
def test_switches_there_are_not(control, wish):
    with pytest.raises(ControlError):
        control.switch(**wish)
