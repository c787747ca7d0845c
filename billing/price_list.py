"""Which tier and cycle a Stripe price stands for. An unknown price is never taken for bronze."""

from collections.abc import Callable, Iterable
from typing import Any

from billing import stripe_shapes as shapes
from billing.models import Cycle, Plan, Tier
from billing.state import UnreadablePrice

CYCLES = {("year", 1): Cycle.ANNUAL, ("month", 12): Cycle.ANNUAL, ("month", 1): Cycle.MONTHLY}


class UnknownPrice(UnreadablePrice):
    """A subscription's price belongs to no tier of ours."""


def tier_and_cycle(subscription: dict[str, Any]) -> tuple[Tier, str]:
    """Return what was bought, by the price's lookup key or else by our note on price or product.

    A lookup key moves on when a price is replaced, so members on the old price need the note.

    Raises UnknownPrice.
    """
    for price in _prices_of(subscription):
        tier, cycle = _tier_of(price), _cycle_of(price)
        if tier and cycle:
            return tier, cycle
    names = ", ".join(price.get("id") or "none" for price in _prices_of(subscription)) or "none"
    raise UnknownPrice(
        f"No plan in the price list fits the Stripe price {names}. At Stripe, give the price or "
        "its product the metadata “tier” with bronze, silver or gold, then look again."
    )


class PlanNames:
    """The tier's code and the cycle of many subscriptions; the price list is read once."""

    def __init__(self) -> None:
        self._code_of_key = {
            plan.lookup_key: plan.tier.code for plan in Plan.objects.select_related("tier")
        }

    def finder(
        self, subscriptions: Iterable[dict[str, Any]]
    ) -> Callable[[dict[str, Any]], tuple[str, str]]:
        """Return what names the plan of each of these, which are one subscription over time.

        What cannot be named is "": an event leaves out the product, and a lookup key moves on. So
        a price counts as what it once was said to be.
        """
        known: dict[str, str] = {}
        prices = [price for each in subscriptions for price in _prices_of(each)]
        for price in prices:
            if code := self._code_of(price):
                known.setdefault(price.get("id", ""), code)

        def plan_of(subscription: dict[str, Any]) -> tuple[str, str]:
            for price in _prices_of(subscription):
                if code := known.get(price.get("id", "")):
                    return code, _cycle_of(price) or ""
            return "", ""

        return plan_of

    def _code_of(self, price: dict[str, Any]) -> str | None:
        return self._code_of_key.get(price.get("lookup_key")) or _code_by_note(price)


def _prices_of(subscription: dict[str, Any]) -> list[dict[str, Any]]:
    return [shapes.price_of(item) for item in shapes.items_of(subscription)]


def _tier_of(price: dict[str, Any]) -> Tier | None:
    code = _code_by_lookup_key(price.get("lookup_key")) or _code_by_note(price)
    return Tier.objects.filter(code=code).first() if code else None


def _code_by_lookup_key(lookup_key: str | None) -> str | None:
    plans = Plan.objects.select_related("tier") if lookup_key else []
    return next((plan.tier.code for plan in plans if plan.lookup_key == lookup_key), None)


def _code_by_note(price: dict[str, Any]) -> str | None:
    product = price.get("product")
    noted = [price, product if isinstance(product, dict) else {}]
    return next(
        (code for each in noted if (code := (each.get("metadata") or {}).get("tier"))), None
    )


def _cycle_of(price: dict[str, Any]) -> str | None:
    recurring = price.get("recurring") or price
    return CYCLES.get((recurring.get("interval"), recurring.get("interval_count") or 1))
