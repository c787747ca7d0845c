"""Trials: begun, warned of, turned into a paid period."""

from stripe_sandbox.billing.subscriptions import items_of
from stripe_sandbox.sandbox import Sandbox

WARNING_SECONDS = 3 * 86_400


def begin(sandbox: Sandbox, subscription: dict, end: int) -> None:
    """Nothing is charged until `end`, which is also the anchor of what follows."""
    now = sandbox.now()
    subscription.update(status="trialing", trial_start=now, trial_end=end)
    subscription.update(billing_cycle_anchor=end, _warned=False)
    for item in items_of(subscription):
        item.update(current_period_start=now, current_period_end=end, _trial=True)


def warning_due_at(subscription: dict) -> int | None:
    if subscription["status"] != "trialing" or subscription.get("_warned"):
        return None
    return max(subscription["trial_end"] - WARNING_SECONDS, subscription["trial_start"])


def warn(sandbox: Sandbox, subscription: dict) -> None:
    """Three days before the end, or at once if it is shorter than that."""
    moment = warning_due_at(subscription)
    if moment is not None and moment <= sandbox.now():
        subscription["_warned"] = True
        sandbox.record("customer.subscription.trial_will_end", sandbox.save(subscription))


def convert(subscription: dict) -> None:
    if subscription["status"] != "trialing":
        return
    subscription["status"] = "active"
    for item in items_of(subscription):
        item.pop("_trial", None)


def cut_short(sandbox: Sandbox, subscription: dict) -> None:
    """trial_end=now: the paid time begins; the caller charges for it."""
    subscription["trial_end"] = sandbox.now()
    if not subscription.get("_warned"):
        sandbox.record("customer.subscription.trial_will_end", subscription)
    convert(subscription)
