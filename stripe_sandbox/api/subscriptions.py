"""Subscriptions and their items."""

from stripe_sandbox.api.lists import page
from stripe_sandbox.api.params import (
    allow,
    pick,
    read_hash,
)
from stripe_sandbox.billing import endings
from stripe_sandbox.billing.subscriptions import items_of
from stripe_sandbox.errors import Missing, ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

ENDED = ("canceled", "incomplete_expired")
FILTERS = ("customer", "status", "price")


def retrieve(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    return present(sandbox.get("subscription", subscription))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    customer, status = params.get("customer"), params.get("status")
    price = params.get("price")
    chosen = [
        subscription
        for subscription in sandbox.all("subscription")
        if customer in (None, subscription["customer"])
        and has_status(subscription, status)
        and (not price or price in {item["price"]["id"] for item in items_of(subscription)})
    ]
    return page(chosen[::-1], params, "/v1/subscriptions", *FILTERS)


def has_status(subscription: dict, wish: str | None) -> bool:
    if wish is None:
        return subscription["status"] not in ENDED
    if wish == "ended":
        return subscription["status"] in ENDED
    return wish in ("all", subscription["status"])


def get_running(sandbox: Sandbox, name: str) -> dict:
    obj = sandbox.get("subscription", name)
    if obj["status"] in ENDED:
        message = f"No such subscription: '{name}'; it is {obj['status']}."
        raise ParameterInvalid("id", message, "resource_missing")
    return obj


def find_own_method(sandbox: Sandbox, customer: str, params: dict) -> dict | None:
    name = params.get("default_payment_method")
    if not name:
        return None
    method = sandbox.get("payment_method", name, "default_payment_method")
    if method["customer"] != customer:
        message = f"The customer does not have a payment method with the ID {name}."
        raise ParameterInvalid("default_payment_method", message, "resource_missing")
    return method


def note_reason(subscription: dict, params: dict) -> None:
    given = pick(read_hash(params, "cancellation_details"), "comment", "feedback")
    subscription["cancellation_details"] |= given


def cancel(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    allow(params, "cancellation_details")
    obj = get_running(sandbox, subscription)
    note_reason(obj, params)
    return present(endings.end_subscription(sandbox, obj, "cancellation_requested"))


def list_items(sandbox: Sandbox, params: dict) -> dict:
    obj = sandbox.get("subscription", params.get("subscription", ""), "subscription")
    return page(items_of(obj)[::-1], params, "/v1/subscription_items", "subscription")


def retrieve_item(sandbox: Sandbox, params: dict, item: str) -> dict:
    for subscription in sandbox.all("subscription"):
        for candidate in items_of(subscription):
            if candidate["id"] == item:
                return present(candidate)
    raise Missing("subscription_item", item)


ROUTES = [
    ("GET", "/v1/subscriptions", list_all),
    ("GET", "/v1/subscriptions/<subscription>", retrieve),
    ("DELETE", "/v1/subscriptions/<subscription>", cancel),
    ("GET", "/v1/subscription_items", list_items),
    ("GET", "/v1/subscription_items/<item>", retrieve_item),
]
