"""The figures of whole months, and of now, from the tallies: a few hundred rows, whatever the size.

Months are named by their first London day. Pence a year, but for cash.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from billing.models import CashTally, MovementTally, SpanTally
from billing.models.revenue import GAINS

CASH_SUMS = ("payments", "net_pence", "vat_pence", "gross_pence", "fee_pence", "without_fee")


@dataclass(frozen=True)
class Moved:
    """The movements of one kind in one month: how many, how much, and heads from and to nothing."""

    changes: int = 0
    amount_pence: int = 0
    joined: int = 0
    left: int = 0


def moved(first: date, end: date) -> dict[date, dict[str, Moved]]:
    """Return what moved, by month and kind, from the month `first` until before `end`."""
    rows = MovementTally.objects.filter(month__gte=first, month__lt=end)
    by_month: dict[date, dict[str, Moved]] = defaultdict(dict)
    for month, kind, *sums in _summed(rows, ("month", "kind"), Moved.__match_args__):
        by_month[month][kind] = Moved(*sums)
    return by_month


def opening(month: date) -> tuple[int, int]:
    """Return the recurring revenue and the paying members at a month's beginning."""
    rate = heads = 0
    before = MovementTally.objects.filter(month__lt=month)
    for kind, amount, joined, left in _summed(
        before, ("kind",), ("amount_pence", "joined", "left")
    ):
        rate += amount if kind in GAINS else -amount
        heads += joined - left
    return rate, heads


def churn_reasons(first: date, end: date) -> dict[date, dict[str, Moved]]:
    """Return the churn, by month and reason."""
    rows = MovementTally.objects.filter(kind="churn", month__gte=first, month__lt=end)
    by_month: dict[date, dict[str, Moved]] = defaultdict(dict)
    for month, reason, *sums in _summed(rows, ("month", "reason"), Moved.__match_args__):
        by_month[month][reason] = Moved(*sums)
    return by_month


def cohort_steps() -> dict[date, Counter[date]]:
    """Return by how many heads each cohort grew or shrank in each month: added up, who pays yet."""
    steps: dict[date, Counter[date]] = defaultdict(Counter)
    rows = MovementTally.objects.exclude(cohort=None)
    for cohort, month, joined, left in _summed(rows, ("cohort", "month"), ("joined", "left")):
        steps[cohort][month] += joined - left
    return steps


def standings(*keys: str) -> list[tuple[Any, ...]]:
    """Return what all subscriptions are now, by columns of SpanTally: keys, spans, pence a year."""
    return [
        row for row in _summed(SpanTally.objects.all(), keys, ("spans", "annual_pence")) if row[-2]
    ]


def cash(first: date, end: date) -> dict[date, dict[tuple[str, str], dict[str, int]]]:
    """Return the sums of payments, by month and (kind, currency). Pence as paid."""
    rows = CashTally.objects.filter(month__gte=first, month__lt=end)
    by_month: dict[date, dict[tuple[str, str], dict[str, int]]] = defaultdict(dict)
    for month, kind, currency, *sums in _summed(rows, ("month", "kind", "currency"), CASH_SUMS):
        by_month[month][kind, currency] = dict(zip(CASH_SUMS, sums, strict=True))
    return by_month


def _summed(
    rows: QuerySet[Any], keys: tuple[str, ...], sums: tuple[str, ...]
) -> QuerySet[Any, tuple[Any, ...]]:
    named = {f"sum_of_{name}": Coalesce(Sum(F(name)), 0) for name in sums}
    return rows.order_by().values_list(*keys).annotate(**named)
