"""Which discounts lower the recurring price at a moment.

`forever` and `repeating` do while they last. One for a single invoice does on a yearly price, for
the year that it made cheaper; on a monthly one it would feign a contraction and an expansion.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing import stripe_shapes as shapes
from billing.stripe_shapes import round_half_up

Json = dict[str, Any]

DAY = 24 * 60 * 60
SINGLE = "once"


@dataclass(frozen=True)
class Discount:
    """What is taken off, and from when to when: Unix seconds, None for no end."""

    id: str
    percent: Decimal
    amount: int
    start: int
    end: int | None

    def counts_at(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)

    def off(self, amounts: list[int]) -> list[int]:
        """Return what is left of each amount in pence; a sum is taken off all of them only once."""
        left, sum_to_take = [], self.amount
        for amount in amounts:
            amount = max(amount - round_half_up(amount * self.percent / 100), 0)
            taken = min(sum_to_take, amount)
            sum_to_take -= taken
            left.append(amount - taken)
        return left


class KnownDiscounts:
    """All that was ever said of one subscription's discounts, oldest first.

    An event names a discount by its id; what that takes off was said in another moment.
    """

    def __init__(self, sayings: Iterable[Json]) -> None:
        self._known: dict[str, Discount] = {}
        self._single: list[tuple[str, str]] = []
        for said in sayings:
            for item_id, given in _all_of(said):
                self._learn(given, item_id, said)

    def _learn(self, given: Any, item_id: str, said: Json) -> None:
        if not isinstance(given, dict) or not given.get("coupon") or given["id"] in self._known:
            return
        coupon = given["coupon"]
        start, end = given.get("start") or 0, given.get("end")
        if coupon.get("duration") == SINGLE:
            start, end = _year_made_cheaper(start, said)
            self._single.append((item_id, given["id"]))
        percent = Decimal(str(coupon.get("percent_off") or 0))
        self._known[given["id"]] = Discount(
            given["id"], percent, coupon.get("amount_off") or 0, start, end
        )

    def knows(self, said: Json) -> bool:
        """Say whether each discount named is known."""
        return all(shapes.id_of(given) in self._known for _, given in _all_of(said))

    def at(self, named: list[Any], at: int) -> list[Discount]:
        """Return those of the ones named that count at a moment."""
        ids = dict.fromkeys(shapes.id_of(each) for each in named)
        known = [self._known[name] for name in ids if name in self._known]
        return [each for each in known if each.counts_at(at)]

    def single_of(self, item_id: str) -> list[str]:
        """Those for one invoice, of an item or of all: Stripe names them only until it is written.

        "" stands for all items.
        """
        return [name for of, name in self._single if of == item_id]

    def boundaries(self) -> list[int]:
        """Return when a discount begins or ends by itself."""
        ends = [moment for each in self._known.values() for moment in (each.start, each.end)]
        return [moment for moment in ends if moment]


def _all_of(said: Json) -> list[tuple[str, Any]]:
    """Return all discounts named, each with its item's id; "" for one of the whole."""
    items = shapes.items_of(said)
    of_items = [(item.get("id", ""), each) for item in items for each in item["discounts"]]
    return [*of_items, *(("", each) for each in said["discounts"])]


def _year_made_cheaper(start: int, said: Json) -> tuple[int, int]:
    """Return the paid period it counts for: none on a price for less than a year."""
    begins, ends = shapes.current_period(said)
    if not begins or not ends or ends - begins < 360 * DAY:
        return start, start
    return (begins, ends) if start < begins + DAY else (ends, ends + (ends - begins))
