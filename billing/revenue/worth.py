"""What a subscription is at a moment, and what it brings in a year: pure, pence, net of VAT."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from accounts.london import day_of_timestamp
from billing import stripe_shapes as shapes
from billing.models.revenue import EndReason, Standing
from billing.revenue.discounts import KnownDiscounts
from billing.state import (
    LAPSED,
    MOST_PENCE,
    NEVER_BEGAN,
    OUR_CURRENCY,
    RUNNING,
    UnreadableSubscription,
)

Json = dict[str, Any]

CODE_LENGTH = 3
OVER = {"canceled", "unpaid"}
GOES_ON = {*RUNNING, "past_due", "paused"}
A_YEAR = {"year": 1, "month": 12, "week": 52, "day": 365}
END_REASONS = {
    "cancellation_requested": EndReason.VOLUNTARY,
    "payment_failed": EndReason.PAYMENT_FAILED,
    "payment_disputed": EndReason.PAYMENT_DISPUTED,
}


@dataclass(frozen=True)
class State:
    """What one subscription is. `standing` is "" for one that does not run; then `end_reason`
    says why, and is "" for one that never began."""

    standing: str = ""
    annual_pence: int = 0
    currency: str = OUR_CURRENCY
    tier: str = ""
    cycle: str = ""
    is_at_risk: bool = False
    leaving_on: date | None = None
    end_reason: str = ""

    @property
    def runs(self) -> bool:
        return bool(self.standing)


def state_at(said: Json, at: int, discounts: KnownDiscounts, plan: tuple[str, str]) -> State:
    """Return what was said of a subscription as it holds at a moment (Unix seconds) after it.

    `plan` is the tier's code and the cycle.

    Raises UnreadableSubscription, and what reading an odd form raises.
    """
    status = said["status"]
    if status in NEVER_BEGAN:
        return State()
    if status in OVER:
        return State(end_reason=_end_reason(said))
    if status not in GOES_ON:
        raise UnreadableSubscription(f"There is no rule for the status “{status}”.")
    annual = annual_pence(said, at, discounts)
    standing = _standing(said, at, annual)
    return State(
        standing=standing,
        annual_pence=annual if standing == Standing.PAYING else 0,
        currency=currency_of(said),
        tier=plan[0],
        cycle=plan[1],
        is_at_risk=status == "past_due" and standing == Standing.PAYING,
        leaving_on=day_of_timestamp(shapes.scheduled_end(said)),
    )


def _end_reason(said: Json) -> str:
    if said["status"] in LAPSED:
        return EndReason.PAYMENT_FAILED
    return END_REASONS.get(shapes.end_reason(said), EndReason.OTHER)


def _standing(said: Json, at: int, annual: int) -> str:
    pause = said.get("pause_collection") or {}
    is_held = bool(pause) and not (pause.get("resumes_at") and pause["resumes_at"] <= at)
    if said["status"] == "paused" or is_held:
        return Standing.PAUSED
    if said["status"] == "trialing":
        return Standing.TRIAL
    return Standing.PAYING if annual > 0 else Standing.COMPLIMENTARY


def currency_of(said: Json) -> str:
    named = said.get("currency") or shapes.items_of(said)[0]["price"].get("currency")
    currency = (named or OUR_CURRENCY).lower()
    if not (currency.isascii() and len(currency) == CODE_LENGTH):
        raise UnreadableSubscription(f"“{currency}” is no currency.")
    return currency


# --- A year -------------------------------------------------------------------------------------


def annual_pence(said: Json, at: int, discounts: KnownDiscounts) -> int:
    """Return what all its items bring in a year, rounded once an item, after VAT is taken out."""
    items = shapes.items_of(said)
    amounts = [_amount(item, at, discounts) for item in items]
    for discount in discounts.at([*said["discounts"], *discounts.single_of("")], at):
        amounts = discount.off(amounts)
    annual = sum(
        _annual_pence(amount, item, said) for amount, item in zip(amounts, items, strict=True)
    )
    if not 0 <= annual <= MOST_PENCE:
        raise UnreadableSubscription(f"{annual} pence a year cannot be right.")
    return annual


def _amount(item: Json, at: int, discounts: KnownDiscounts) -> int:
    """Return what an item costs a period after its own discounts, in pence as charged."""
    price = item["price"]
    amount = price.get("unit_amount", price.get("amount"))
    if amount is None:  # by use, or in steps: what it brings is not known beforehand
        return 0
    quantity = 1 if item.get("quantity") is None else item["quantity"]
    if not (isinstance(amount, int) and isinstance(quantity, int)):
        raise UnreadableSubscription(f"“{amount}” times “{quantity}” is no price.")
    amount *= quantity
    own = [*item["discounts"], *(discounts.single_of(item["id"]) if item.get("id") else ())]
    for discount in discounts.at(own, at):
        [amount] = discount.off([amount])
    return amount


def _annual_pence(amount: int, item: Json, said: Json) -> int:
    net, _ = shapes.net_and_vat(amount, shapes.tax_rates_of(said, item))
    # A price by use says nothing here and brings nothing, so its interval need not be known.
    return floor(net * _times_a_year(item["price"]) + Fraction(1, 2)) if amount else 0


def _times_a_year(price: Json) -> Fraction:
    recurring = price.get("recurring") or price
    return Fraction(A_YEAR[recurring["interval"]], recurring.get("interval_count") or 1)
