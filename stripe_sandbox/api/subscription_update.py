"""Changing a subscription."""

import copy

from stripe_sandbox.api.checkout import read_tax_rates, read_trial_end
from stripe_sandbox.api.coupons import read_discounts
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    pick,
    read_bool,
    read_choice,
    read_hash,
    read_int,
    read_list,
    require,
)
from stripe_sandbox.api.subscription_changes import read_how, read_wishes
from stripe_sandbox.api.subscriptions import find_own_method, get_running, note_reason
from stripe_sandbox.billing import changes, discounts, endings, pending, trials
from stripe_sandbox.billing.prorations import credit
from stripe_sandbox.billing.subscriptions import items_of, period_end
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

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
    "discounts",
    "items",
    "off_session",
    "pause_collection",
    "payment_behavior",
    "payment_settings",
    "proration_behavior",
    "proration_date",
    "trial_end",
)
# Changing these takes the place of an update that still waits for its payment.
OVERTAKING = ("billing_cycle_anchor", "items", "trial_end")


def update(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    allow(params, *CHANGEABLE)
    standing = get_running(sandbox, subscription)
    if any(name in params for name in OVERTAKING):
        pending.discard(sandbox, standing)
    # On a copy, so that a parameter that turns out wrong leaves nothing half changed.
    obj = copy.deepcopy(standing)
    before = present(obj)
    how = read_how(sandbox, obj, params)
    wishes = read_wishes(sandbox, obj, params)
    set_fields(sandbox, obj, params)
    set_end(sandbox, obj, params)
    set_discounts(sandbox, obj, params, how)
    credits = set_trial(sandbox, obj, params, how)
    outcome = changes.work_out(sandbox, obj, wishes, how)
    outcome.waiting[:0] = credits
    return present(changes.carry_out(sandbox, obj, before, outcome, how))


def set_fields(sandbox: Sandbox, subscription: dict, params: dict) -> None:
    subscription["metadata"] = merge_metadata(subscription["metadata"], params)
    subscription.update(pick(params, "description"))
    set_payment_method(sandbox, subscription, params)
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = read_tax_rates(sandbox, params)
    if "pause_collection" in params:
        subscription["pause_collection"] = read_pause(params)


def set_payment_method(sandbox: Sandbox, subscription: dict, params: dict) -> None:
    if "default_payment_method" in params:
        method = find_own_method(sandbox, subscription["customer"], params)
        subscription["default_payment_method"] = method["id"] if method else None


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


def set_discounts(sandbox: Sandbox, subscription: dict, params: dict, how: changes.How) -> None:
    """`discounts` are all it is to have: new ones, and those of the old that are named."""
    if "discounts" not in params:
        return
    if how.refuse_unpaid:
        message = "The sandbox does not have discounts together with error_if_incomplete."
        raise ParameterInvalid("discounts", message)
    given = read_discounts(sandbox, params, subscription["customer"])
    kept = {entry.get("discount") for entry in read_list(params, "discounts")}
    for discount in discounts.of_subscription(sandbox, subscription):
        if discount["id"] not in kept:
            discounts.take_away(sandbox, subscription, discount)
    for coupon, code in given:
        discounts.give(sandbox, subscription, coupon, code)


def delete_discount(sandbox: Sandbox, params: dict, subscription: str) -> dict:
    update(sandbox, {"discounts": ""}, subscription)
    return {"object": "discount", "deleted": True}


ROUTES = [
    ("POST", "/v1/subscriptions/<subscription>", update),
    ("DELETE", "/v1/subscriptions/<subscription>/discount", delete_discount),
]
