"""Everything Stripe holds about one subscription, from the lists or asked for by itself."""

from dataclasses import dataclass
from typing import Any

from billing import gateway
from billing import stripe_shapes as shapes
from billing.entries import Money
from billing.reconcile.desk import Desk
from billing.state import unreadable_if_garbled

Prices = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Picture:
    subscription: dict[str, Any]
    invoices: list[dict[str, Any]]
    money: Money


@unreadable_if_garbled()
def listed(desk: Desk, subscription_id: str, prices: Prices) -> Picture:
    invoices = desk.invoices_of(subscription_id)
    subscription = listed_subscription(desk, subscription_id, prices)
    return Picture(subscription, invoices, desk.money_of(invoices))


@unreadable_if_garbled()
def listed_subscription(desk: Desk, subscription_id: str, prices: Prices) -> dict[str, Any]:
    return _with_products(desk.subscription(subscription_id), prices)


@unreadable_if_garbled()
def fresh(subscription_id: str) -> Picture | None:
    """Ask Stripe what it holds now, or return None if it has no such subscription.

    Raises StripeUnavailable, UnreadableSubscription.
    """
    subscription = gateway.fetch_subscription(subscription_id)
    if subscription is None:
        return None
    invoices = gateway.fetch_invoices(subscription_id)
    return Picture(subscription, invoices, gateway.fetch_money(invoices))


def _with_products(subscription: dict[str, Any], prices: Prices) -> dict[str, Any]:
    """Put whole prices where the list has ones without their product, which may name the tier."""
    schedule = subscription.get("schedule")
    phases = schedule["phases"] if isinstance(schedule, dict) else []
    planned = [item for phase in phases for item in phase["items"]]
    for item in [*(subscription.get("items") or {}).get("data", []), *planned]:
        known = prices.get(shapes.id_of(item.get("price")))
        if isinstance(item.get("price"), dict):
            item["price"] |= {"product": known["product"]} if known else {}
        elif known:
            item["price"] = known
    return subscription
