"""Subscriptions and their items."""

import copy

from stripe_sandbox.api.checkout import read_tax_rates
from stripe_sandbox.api.lists import page
from stripe_sandbox.api.params import (
    merge_metadata,
    pick,
    read_bool,
    read_hash,
    read_int,
    read_list,
    refuse_unsupported,
)
from stripe_sandbox.billing import subscriptions
from stripe_sandbox.errors import Missing, ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

ENDED = ("canceled", "incomplete_expired")


def retrieve(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    return present(sandbox.get("subscription", subscription))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    customer, status = params.get("customer"), params.get("status")
    chosen = [
        subscription
        for subscription in sandbox.all("subscription")
        if customer in (None, subscription["customer"]) and has_status(subscription, status)
    ]
    return page(chosen[::-1], params, "/v1/subscriptions")


def has_status(subscription: dict, wish: str | None) -> bool:
    if wish is None:
        return subscription["status"] not in ENDED
    if wish == "ended":
        return subscription["status"] in ENDED
    return wish in ("all", subscription["status"])


def update(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    refuse_unsupported(params)
    # On a copy, so that a parameter that turns out wrong leaves nothing half changed.
    obj = copy.deepcopy(get_running(sandbox, subscription))
    before = present(obj)
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    obj.update(pick(params, "description"))
    set_payment_method(sandbox, obj, params)
    if "default_tax_rates" in params:
        obj["default_tax_rates"] = read_tax_rates(sandbox, params)
    for change in read_list(params, "items"):
        change_item(sandbox, obj, change)
    set_end(sandbox, obj, params, before)
    return present(obj)


def get_running(sandbox: Sandbox, name: str) -> dict:
    obj = sandbox.get("subscription", name)
    if obj["status"] in ENDED:
        message = f"No such subscription: '{name}'; it is {obj['status']}."
        raise ParameterInvalid("id", message, "resource_missing")
    return obj


def set_payment_method(sandbox: Sandbox, subscription: dict, params: dict) -> None:
    if "default_payment_method" not in params:
        return
    name = params["default_payment_method"] or None
    if name is not None:
        sandbox.get("payment_method", name, "default_payment_method")
    subscription["default_payment_method"] = name


def change_item(sandbox: Sandbox, subscription: dict, change: dict) -> None:
    item = find_item(subscription, change.get("id"))
    if "price" in change:
        price = sandbox.get("price", change["price"], "items[price]")
        subscriptions.swap_price(subscription, item, price)
    item["quantity"] = read_int(change, "quantity", item["quantity"])


def find_item(subscription: dict, name: str | None) -> dict:
    for item in subscription["items"]["data"]:
        if item["id"] == name:
            return item
    raise ParameterInvalid("items[id]", "The sandbox only changes items that are there already.")


def set_end(sandbox: Sandbox, subscription: dict, params: dict, before: dict) -> None:
    """Whether and when it is to end; announces what else was changed with it."""
    moment = read_cancel_at(subscription, params)
    flag = read_bool(params, "cancel_at_period_end")
    if flag or moment:
        end = moment or subscriptions.period_end(subscription)
        subscriptions.schedule_end(sandbox, subscription, end, by_flag=bool(flag))
        note_reason(subscription, params)
    elif flag is False or params.get("cancel_at") == "":
        subscriptions.withdraw_end(subscription)
    subscriptions.announce_change(sandbox, subscription, before)


def read_cancel_at(subscription: dict, params: dict) -> int | None:
    if params.get("cancel_at") in ("min_period_end", "max_period_end"):
        return subscriptions.period_end(subscription)
    return read_int(params, "cancel_at") if params.get("cancel_at") else None


def note_reason(subscription: dict, params: dict) -> None:
    given = pick(read_hash(params, "cancellation_details"), "comment", "feedback")
    subscription["cancellation_details"] |= given


def cancel(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    obj = get_running(sandbox, subscription)
    note_reason(obj, params)
    return present(subscriptions.end_subscription(sandbox, obj, "cancellation_requested"))


def list_items(sandbox: Sandbox, params: dict) -> dict:
    obj = sandbox.get("subscription", params.get("subscription", ""), "subscription")
    return page(obj["items"]["data"][::-1], params, "/v1/subscription_items")


def retrieve_item(sandbox: Sandbox, params: dict, item: str) -> dict:
    for subscription in sandbox.all("subscription"):
        for candidate in subscription["items"]["data"]:
            if candidate["id"] == item:
                return present(candidate)
    raise Missing("subscription_item", item)


ROUTES = [
    ("GET", "/v1/subscriptions", list_all),
    ("GET", "/v1/subscriptions/<subscription>", retrieve),
    ("POST", "/v1/subscriptions/<subscription>", update),
    ("DELETE", "/v1/subscriptions/<subscription>", cancel),
    ("GET", "/v1/subscription_items", list_items),
    ("GET", "/v1/subscription_items/<item>", retrieve_item),
]
