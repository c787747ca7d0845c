"""What paying memberships are worth: now by the sums that are kept, on a past day by the rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from billing.models.revenue import RevenueSpan, Standing
from billing.revenue import figures
from billing.revenue import monthly as kept
from billing.state import OUR_CURRENCY
from crm.figures.base import Scope

Worth = tuple[int, int]  # pence a year, and how many memberships


@dataclass(frozen=True)
class Stands:
    """All subscriptions that are alike now. Pence a year."""

    standing: str
    currency: str
    tier: str
    cycle: str
    is_at_risk: bool
    is_leaving: bool
    count: int
    annual_pence: int


Choice = Callable[[Stands], bool]


def stands_now() -> list[Stands]:
    """Return all that pays now, in any currency."""
    keys = ("standing", "currency", "tier", "cycle", "is_at_risk", "is_leaving")
    found = [Stands(*row) for row in kept.standings(*keys)]
    return [each for each in found if each.standing == Standing.PAYING]


def in_pounds(stands: Iterable[Stands]) -> list[Stands]:
    return [each for each in stands if each.currency == OUR_CURRENCY]


def left_out(stands: Iterable[Stands]) -> dict[str, int]:
    """Return other currencies' smallest units a year; they are never added to pounds."""
    sums: dict[str, int] = {}
    for each in stands:
        if each.currency != OUR_CURRENCY:
            sums[each.currency] = sums.get(each.currency, 0) + each.annual_pence
    return sums


def add_up(stands: Iterable[Stands], chosen: Choice) -> Worth:
    picked = [each for each in stands if chosen(each)]
    return sum(each.annual_pence for each in picked), sum(each.count for each in picked)


def worth(scope: Scope, rows: QuerySet[RevenueSpan], chosen: Choice) -> Worth:
    """Return what `rows` are worth, which `chosen` picks of what stands now."""
    if scope.is_running:
        return add_up(in_pounds(stands_now()), chosen)
    return figures.worth(rows)
