"""Closing a month keeps its figures; what is heard of it later shows as dated adjustments.

Pence a year for recurring revenue, pence as paid for cash, heads for members.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Min

from accounts.london import day_of, next_month
from billing.models import CashTally, ClosedMonth, MonthAdjustment, MovementTally, PaymentKind
from billing.models.revenue import GAINS, Movement
from billing.revenue import monthly

Figures = dict[str, int]

OURS = "gbp"
MOVED = tuple(kind.value for kind in Movement)
CASH = tuple(kind.value for kind in PaymentKind)
HEADS = ("members_opening", "joined", "left", "members_closing")
# In the order in which they are shown.
NAMES = (
    *("opening", *MOVED, "closing"),
    *HEADS,
    *(f"{kind}_{part}" for kind in CASH for part in ("net", "vat", "gross")),
    "fees",
)


class NotClosable(Exception):
    """The month cannot be closed; the message says why."""


@dataclass(frozen=True)
class Month:
    """A month as it is now, and as it was closed if it was."""

    first: date
    now: Figures
    closed: ClosedMonth | None
    is_over: bool

    @property
    def adjustments(self) -> list[MonthAdjustment]:
        return list(self.closed.adjustments.all()) if self.closed else []

    @property
    def is_as_closed(self) -> bool:
        return self.closed is not None and self.now == self.closed.figures


def months(*, now: datetime) -> list[Month]:
    """Return all months from the first of which anything is known to the current one, newest first.

    The number of queries does not depend on how many there are.
    """
    today = day_of(now)
    first = _first_month()
    if first is None:
        return []
    closed = {each.month: each for each in ClosedMonth.objects.prefetch_related("adjustments")}
    figures = figures_by_month(first, next_month(today))
    return [
        Month(month, each, closed.get(month), is_over=next_month(month) <= today)
        for month, each in reversed(figures.items())
    ]


def figures_by_month(first: date, end: date) -> dict[date, Figures]:
    """Return the figures of each month from `first` until before `end`, oldest first."""
    rate, heads = monthly.opening(first)
    moved, cash = monthly.moved(first, end), monthly.cash(first, end)
    found = {}
    month = first
    while month < end:
        found[month] = _figures(rate, heads, moved.get(month, {}), cash.get(month, {}))
        rate, heads = found[month]["closing"], found[month]["members_closing"]
        month = next_month(month)
    return found


def _figures(
    rate: int,
    heads: int,
    moved: dict[str, monthly.Moved],
    cash: dict[tuple[str, str], dict[str, int]],
) -> Figures:
    amounts = {kind: moved[kind].amount_pence if kind in moved else 0 for kind in MOVED}
    gained = sum(amount if kind in GAINS else -amount for kind, amount in amounts.items())
    joined = sum(each.joined for each in moved.values())
    left = sum(each.left for each in moved.values())
    of_kind = {kind: cash.get((kind, OURS), {}) for kind in CASH}
    return {
        "opening": rate,
        **amounts,
        "closing": rate + gained,
        "members_opening": heads,
        "joined": joined,
        "left": left,
        "members_closing": heads + joined - left,
        **{
            f"{kind}_{part}": sums.get(f"{part}_pence", 0)
            for kind, sums in of_kind.items()
            for part in ("net", "vat", "gross")
        },
        "fees": sum(sums.get("fee_pence", 0) for sums in of_kind.values()),
    }


def _first_month() -> date | None:
    firsts = [
        tally.objects.aggregate(first=Min("month"))["first"] for tally in (MovementTally, CashTally)
    ]
    return min((first for first in firsts if first), default=None)


@transaction.atomic
def close(month: date, *, by: str, now: datetime) -> list[ClosedMonth]:
    """Close a month and every earlier one that is not closed yet; return them, oldest first.

    Raises NotClosable.
    """
    if next_month(month) > day_of(now):
        raise NotClosable(f"{month:%B %Y} is not over: its figures still move every day.")
    known = ClosedMonth.objects.select_for_update().values_list("month", flat=True)
    done, first = set(known), _first_month()
    if first is None or month < first:
        raise NotClosable(f"Nothing is known of {month:%B %Y}.")
    if month in done:
        raise NotClosable(f"{month:%B %Y} is closed already.")
    figures = figures_by_month(first, next_month(month))
    return [
        ClosedMonth.objects.create(month=each, closed_at=now, closed_by=by, figures=figures[each])
        for each in figures
        if each not in done
    ]


def notice_adjustments(*, now: datetime) -> int:
    """Write down what closed months have become since it was last looked; return how many rows."""
    closed = ClosedMonth.objects.prefetch_related("adjustments").order_by("month")
    if not closed:
        return 0
    figures = figures_by_month(closed[0].month, next_month(list(closed)[-1].month))
    rows = [
        MonthAdjustment(
            closed_month=each,
            figure=name,
            before=was,
            after=figures[each.month][name],
            noticed_at=now,
        )
        for each in closed
        for name, was in each.last_known.items()
        if name in NAMES and figures[each.month][name] != was
    ]
    return len(MonthAdjustment.objects.bulk_create(rows))
