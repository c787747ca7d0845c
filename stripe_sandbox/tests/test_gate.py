"""Keys, idempotency, faults, and what the sandbox does not have."""

import time

import pytest
import requests
import stripe

from stripe_sandbox.process import running_sandbox
from stripe_sandbox.tests.conftest import KEY, connect


def get(url: str, **headers):
    return requests.get(url, headers=headers, timeout=5)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer sk_live_x"}])
def test_missing_or_wrong_key_is_refused(sandbox, header):
    answer = get(f"{sandbox.url}/v1/customers", **header)

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_only_the_given_key_is_accepted():
    with running_sandbox(secret_key="sk_test_right") as running:
        assert connect(running.url, "sk_test_right").v1.customers.list().data == []
        with pytest.raises(stripe.AuthenticationError):
            connect(running.url, "sk_test_wrong").v1.customers.list()


def test_unknown_object(client):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.retrieve("cus_none")

    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert str(caught.value).endswith("No such customer: 'cus_none'")


@pytest.mark.parametrize("call", ["quotes", "setup_intents"])
def test_what_the_sandbox_does_not_have(client, call):
    with pytest.raises(stripe.InvalidRequestError, match="sandbox does not have") as caught:
        getattr(client.v1, call).list()

    assert caught.value.http_status == 404


def test_version_is_echoed(sandbox):
    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": "2024-06-20"}

    answer = get(f"{sandbox.url}/v1/account", **headers)

    assert answer.headers["Stripe-Version"] == "2024-06-20"
    assert answer.headers["Request-Id"].startswith("req_")


def test_same_key_and_parameters_replay_the_answer(client):
    options = {"idempotency_key": "once"}

    first = client.v1.customers.create({"name": "Alice"}, options)
    again = client.v1.customers.create({"name": "Alice"}, options)

    assert first.id == again.id
    assert len(client.v1.customers.list().data) == 1


def test_same_key_with_other_parameters_is_refused(client):
    client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "once"})

    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "once"})


def test_mistaken_call_does_not_use_up_its_key(client, shop):
    wrong = {"product": "prod_none", "currency": "gbp", "unit_amount": 1}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.prices.create(wrong, {"idempotency_key": "once"})

    right = wrong | {"product": shop.product.id}
    assert client.v1.prices.create(right, {"idempotency_key": "once"}).unit_amount == 1


def test_faults_hit_the_next_calls_only(client, control):
    control.faults(api_status=500, count=2)

    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.customers.list()
    assert client.v1.customers.list().data == []


def test_rate_limit(client, control):
    control.faults(api_status=429)

    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.list()


def test_delay(client, control):
    control.faults(api_delay=0.2)

    started = time.monotonic()
    client.v1.customers.list()

    assert time.monotonic() - started >= 0.2


def test_client_survives_a_short_outage(sandbox, control):
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox.url}, max_network_retries=2)
    control.faults(api_status=500, count=1)

    client.v1.customers.create({"name": "Alice"})

    assert len(client.v1.customers.list().data) == 1
