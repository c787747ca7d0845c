"""Subscriptions: beginning, and what they are for."""

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


def items_of(subscription: dict) -> list[dict]:
    return subscription["items"]["data"]


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
    return min(item["current_period_end"] for item in items_of(subscription))


def restart_period(subscription: dict, moment: int) -> None:
    """Begin a new period at `moment`, which becomes the anchor."""
    subscription["billing_cycle_anchor"] = moment
    for item in items_of(subscription):
        end = next_period_end(moment, item["price"]["recurring"], moment)
        item.update(current_period_start=moment, current_period_end=end)


def swap_price_at_renewal(subscription: dict, item: dict, price: dict) -> None:
    """Change what `item` costs from the end of its period on; nothing is prorated."""
    if step_of(item["price"]) != step_of(price):
        subscription["billing_cycle_anchor"] = item["current_period_end"]
    set_price(item, price)


def step_of(price: dict) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]
