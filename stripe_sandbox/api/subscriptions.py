"""Subscriptions and their items."""

import copy

from stripe_sandbox.api.checkout import read_tax_rates
from stripe_sandbox.api.lists import page
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    pick,
    read_bool,
    read_choice,
    read_hash,
    read_int,
    require,
)
from stripe_sandbox.api.subscription_changes import read_how, read_wishes
from stripe_sandbox.billing import changes, endings, trials
from stripe_sandbox.billing.prorations import credit
from stripe_sandbox.billing.subscriptions import items_of, period_end
from stripe_sandbox.errors import Missing, ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

ENDED = ("canceled", "incomplete_expired")
FILTERS = ("customer", "status", "price")
HELD = ("keep_as_draft", "mark_uncollectible", "void")
# off_session and payment_settings are taken and have no effect here.
CHANGEABLE = (
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "items",
    "off_session",
    "pause_collection",
    "payment_behavior",
    "payment_settings",
    "proration_behavior",
    "proration_date",
    "trial_end",
)


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


def update(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    allow(params, *CHANGEABLE)
    # On a copy, so that a parameter that turns out wrong leaves nothing half changed.
    obj = copy.deepcopy(get_running(sandbox, subscription))
    before = present(obj)
    how = read_how(sandbox, obj, params)
    wishes = read_wishes(sandbox, obj, params)
    set_fields(sandbox, obj, params)
    set_end(sandbox, obj, params)
    credits = set_trial(sandbox, obj, params, how)
    outcome = changes.work_out(sandbox, obj, wishes, how)
    outcome.waiting[:0] = credits
    changes.carry_out(sandbox, obj, before, outcome, how)
    return present(obj)


def get_running(sandbox: Sandbox, name: str) -> dict:
    obj = sandbox.get("subscription", name)
    if obj["status"] in ENDED:
        message = f"No such subscription: '{name}'; it is {obj['status']}."
        raise ParameterInvalid("id", message, "resource_missing")
    return obj


def set_fields(sandbox: Sandbox, subscription: dict, params: dict) -> None:
    subscription["metadata"] = merge_metadata(subscription["metadata"], params)
    subscription.update(pick(params, "description"))
    set_payment_method(sandbox, subscription, params)
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = read_tax_rates(sandbox, params)
    if "pause_collection" in params:
        subscription["pause_collection"] = read_pause(params)


def set_payment_method(sandbox: Sandbox, subscription: dict, params: dict) -> None:
    if "default_payment_method" not in params:
        return
    name = params["default_payment_method"] or None
    method = sandbox.get("payment_method", name, "default_payment_method") if name else None
    if method and method["customer"] != subscription["customer"]:
        message = f"The customer does not have a payment method with the ID {name}."
        raise ParameterInvalid("default_payment_method", message, "resource_missing")
    subscription["default_payment_method"] = name


def read_pause(params: dict) -> dict | None:
    pause = read_hash(params, "pause_collection")
    if not pause:
        return None
    allow(pause, "behavior", "resumes_at", place="pause_collection")
    require(pause, "behavior")
    behavior = read_choice(pause, "behavior", HELD)
    return {"behavior": behavior, "resumes_at": read_int(pause, "resumes_at")}


def set_end(sandbox: Sandbox, subscription: dict, params: dict) -> None:
    """Whether and when it is to end."""
    moment = read_cancel_at(sandbox, subscription, params)
    flag = read_bool(params, "cancel_at_period_end")
    if flag and moment:
        message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
        raise ParameterInvalid("cancel_at", message)
    if flag is not None or "cancel_at" in params:
        require_unmanaged(subscription)
    if flag or moment:
        end = moment or period_end(subscription)
        endings.schedule_end(sandbox, subscription, end, by_flag=bool(flag))
        note_reason(subscription, params)
    elif flag is False or params.get("cancel_at") == "":
        endings.withdraw_end(subscription)


def require_unmanaged(subscription: dict) -> None:
    if subscription["schedule"]:
        message = (
            f"The subscription is managed by the subscription schedule "
            f"`{subscription['schedule']}`, and updating any cancelation behavior directly is not "
            "allowed. Please update the schedule instead."
        )
        raise ParameterInvalid("cancel_at_period_end", message)


def read_cancel_at(sandbox: Sandbox, subscription: dict, params: dict) -> int | None:
    if not params.get("cancel_at"):
        return None
    if params["cancel_at"] in ("min_period_end", "max_period_end"):
        return period_end(subscription)
    moment = read_int(params, "cancel_at")
    if moment <= sandbox.now():
        raise ParameterInvalid("cancel_at", "cancel_at must be a time in the future.")
    return moment


def note_reason(subscription: dict, params: dict) -> None:
    given = pick(read_hash(params, "cancellation_details"), "comment", "feedback")
    subscription["cancellation_details"] |= given


def set_trial(sandbox: Sandbox, subscription: dict, params: dict, how: changes.How) -> list[dict]:
    """Begin or end a trial; returns the credit for what it makes free."""
    if not params.get("trial_end"):
        return []
    if params["trial_end"] == "now":
        if subscription["status"] == "trialing":
            trials.cut_short(sandbox, subscription)
            how.restart = True
        return []
    credits = []
    if how.behavior != "none":
        for item in items_of(subscription):
            credits += credit(sandbox, subscription, item, how.moment)
    trials.begin(sandbox, subscription, read_trial_end(sandbox, params))
    return credits


def read_trial_end(sandbox: Sandbox, params: dict) -> int:
    moment = read_int(params, "trial_end")
    if moment <= sandbox.now():
        message = "Invalid timestamp: must be an integer Unix timestamp in the future."
        raise ParameterInvalid("trial_end", message)
    return moment


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
    ("POST", "/v1/subscriptions/<subscription>", update),
    ("DELETE", "/v1/subscriptions/<subscription>", cancel),
    ("GET", "/v1/subscription_items", list_items),
    ("GET", "/v1/subscription_items/<item>", retrieve_item),
]
