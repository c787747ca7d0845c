"""What is kept of Stripe's subscription: all that its worth follows from, nothing of the person.

It stays in Stripe's shape, older or newer, so that the readers of both serve here too.
"""

from collections.abc import Iterable
from typing import Any

from billing import stripe_shapes as shapes

Json = dict[str, Any]

SUBSCRIPTION = (
    *("id", "object", "status", "currency", "created", "start_date", "ended_at", "canceled_at"),
    *("cancel_at", "cancel_at_period_end", "trial_end", "pause_collection"),
    *("current_period_start", "current_period_end"),
)
ITEM = ("id", "quantity", "current_period_start", "current_period_end")
PRICE = (
    *("id", "currency", "unit_amount", "amount", "recurring", "interval", "interval_count"),
    "tax_behavior",
)
RATE = ("percentage", "inclusive")
LONGEST_TIER = 20  # what a code may have
COUPON = ("percent_off", "amount_off", "duration")


def kept_of(subscription: Json) -> Json:
    """Return the part to be kept. Raises what reading an odd form raises."""
    ending = subscription.get("cancellation_details") or {}
    items = [_item(item) for item in shapes.items_of(subscription)]
    return {
        **_some(subscription, SUBSCRIPTION),
        "items": {"data": items},
        "default_tax_rates": _rates(subscription.get("default_tax_rates")),
        "discounts": [*_discounts(_all_discounts(subscription))],
        # Their comment is their own words, and stays at Stripe.
        "cancellation_details": _some(ending, ("reason", "feedback")),
    }


def _some(given: Json, names: Iterable[str]) -> Json:
    return {name: given[name] for name in names if given.get(name) is not None}


def _item(item: Json) -> Json:
    price = shapes.price_of(item)
    if not isinstance(price.get("id", ""), str):
        raise TypeError("A price is named by an id.")
    product = price.get("product")
    kept = _some(price, PRICE) | _names_of(price)
    if isinstance(product, dict):
        kept["product"] = _some(product, ("id",)) | _names_of(product)
    return {
        **_some(item, ITEM),
        "price": kept,
        "tax_rates": _rates(item.get("tax_rates")),
        "discounts": [*_discounts(item.get("discounts") or [])],
    }


def _names_of(named: Json) -> Json:
    """Return what a plan is told by: of the metadata, nothing but our note of the tier."""
    tier = (named.get("metadata") or {}).get("tier")
    names = {"metadata": {"tier": tier} if _is_short(tier) else {}}
    key = named.get("lookup_key")
    return names | ({"lookup_key": key} if isinstance(key, str) else {})


def _is_short(tier: Any) -> bool:
    return isinstance(tier, str) and len(tier) <= LONGEST_TIER


def _rates(rates: list[Json] | None) -> list[Json]:
    return [_some(rate, RATE) for rate in rates or [] if isinstance(rate, dict)]


def _all_discounts(subscription: Json) -> list[Any]:
    """A discount of the customer's counts where the subscription has none of its own."""
    customer = subscription.get("customer")
    of_customer = customer.get("discount") if isinstance(customer, dict) else None
    own = subscription.get("discounts") or [subscription.get("discount")]
    return [each for each in own if each] or [each for each in [of_customer] if each]


def _discounts(discounts: list[Any]) -> Iterable[Any]:
    """An event names a discount by its id alone; a look of ours has what it takes off."""
    for discount in discounts:
        if isinstance(discount, dict):
            coupon = discount.get("coupon") or (discount.get("source") or {}).get("coupon")
            about = _some(coupon, COUPON) if isinstance(coupon, dict) else {}
            yield _some(discount, ("id", "start", "end")) | {"coupon": about}
        else:
            yield str(discount)
