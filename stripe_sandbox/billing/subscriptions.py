"""Subscriptions: beginning, changing, ending."""

from stripe_sandbox.billing.invoices import stop_collecting
from stripe_sandbox.periods import next_period_end
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build, list_of, present
from stripe_sandbox.shapes.catalogue import legacy_plan

LIVE = {"active", "past_due", "trialing", "unpaid", "incomplete", "paused"}


def create_subscription(
    sandbox: Sandbox, customer: dict, lines: list[tuple[dict, int]], **fields
) -> dict:
    """An active subscription from now on. Nothing is announced or charged yet."""
    now = sandbox.now()
    subscription = sandbox.create(
        "subscription",
        "sub",
        billing_cycle_anchor=now,
        currency=lines[0][0]["currency"],
        customer=customer["id"],
        start_date=now,
        **fields,
    )
    items = [create_item(sandbox, subscription, price, quantity) for price, quantity in lines]
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    subscription["items"] = list_of(items, url)
    return sandbox.save(subscription)


def create_item(sandbox: Sandbox, subscription: dict, price: dict, quantity: int) -> dict:
    now = sandbox.now()
    item = build(
        "subscription_item",
        id=sandbox.new_id("si"),
        created=now,
        current_period_start=now,
        current_period_end=next_period_end(now, price["recurring"], now),
        quantity=quantity,
        subscription=subscription["id"],
    )
    return set_price(item, price)


def set_price(item: dict, price: dict) -> dict:
    item.update(price=present(price), plan=legacy_plan(price))
    return item


def change_subscription(sandbox: Sandbox, subscription: dict, **fields) -> dict:
    before = present(subscription)
    subscription.update(fields)
    return announce_change(sandbox, subscription, before)


def announce_change(sandbox: Sandbox, subscription: dict, before: dict) -> dict:
    sandbox.save(subscription)
    if present(subscription) != before:
        sandbox.record("customer.subscription.updated", subscription, before)
    return subscription


def period_end(subscription: dict) -> int:
    return min(item["current_period_end"] for item in subscription["items"]["data"])


def swap_price(subscription: dict, item: dict, price: dict) -> None:
    """Change what `item` costs from the next renewal on; nothing is prorated."""
    old = item["price"]["recurring"]
    if (old["interval"], old["interval_count"]) != step_of(price):
        subscription["billing_cycle_anchor"] = item["current_period_end"]
    set_price(item, price)


def step_of(price: dict) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


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
    schedule_end(sandbox, subscription, period_end(subscription), by_flag=by_flag)
    return announce_change(sandbox, subscription, before)


def keep_subscription(sandbox: Sandbox, subscription: dict) -> dict:
    """Take a scheduled end back."""
    before = present(subscription)
    withdraw_end(subscription)
    return announce_change(sandbox, subscription, before)


def end_subscription(sandbox: Sandbox, subscription: dict, reason: str) -> dict:
    now = sandbox.now()
    subscription["cancellation_details"] |= {"reason": reason}
    subscription.update(status="canceled", ended_at=now)
    subscription["canceled_at"] = subscription["canceled_at"] or now
    stop_collecting(sandbox, subscription)
    sandbox.record("customer.subscription.deleted", sandbox.save(subscription))
    return subscription
