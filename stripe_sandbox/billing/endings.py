"""How subscriptions end: scheduled, taken back, come."""

from stripe_sandbox.billing import pending, schedules
from stripe_sandbox.billing.collecting import stop_collecting
from stripe_sandbox.billing.subscriptions import announce_change, period_end
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def schedule_end(sandbox: Sandbox, subscription: dict, moment: int, *, by_flag: bool) -> None:
    """Let it end at `moment`.

    `by_flag` is the API's cancel_at_period_end. The customer portal leaves that flag false on a
    flexible subscription and only sets cancel_at.
    """
    details = subscription["cancellation_details"] | {"reason": "cancellation_requested"}
    subscription.update(
        cancel_at=moment,
        cancel_at_period_end=by_flag,
        canceled_at=sandbox.now(),
        cancellation_details=details,
    )


def withdraw_end(subscription: dict) -> None:
    subscription.update(
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details={"comment": None, "feedback": None, "reason": None},
    )


def cancel_at_period_end(sandbox: Sandbox, subscription: dict, *, by_flag: bool) -> dict:
    before = present(subscription)
    if subscription["schedule"]:
        schedules.close(sandbox, subscription, "released")
    schedule_end(sandbox, subscription, period_end(subscription), by_flag=by_flag)
    return announce_change(sandbox, subscription, before)


def keep_subscription(sandbox: Sandbox, subscription: dict) -> dict:
    """Take a scheduled end back."""
    before = present(subscription)
    withdraw_end(subscription)
    return announce_change(sandbox, subscription, before)


def end_subscription(
    sandbox: Sandbox, subscription: dict, reason: str, status: str = "canceled"
) -> dict:
    now = sandbox.now()
    pending.discard(sandbox, subscription)
    subscription["cancellation_details"] |= {"reason": reason}
    subscription.update(status=status, ended_at=now)
    subscription["canceled_at"] = subscription["canceled_at"] or now
    stop_collecting(sandbox, subscription)
    if subscription["schedule"]:
        schedules.close(sandbox, subscription, "canceled")
    sandbox.record("customer.subscription.deleted", sandbox.save(subscription))
    return subscription
