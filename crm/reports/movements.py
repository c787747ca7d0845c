from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from billing.models.revenue import LOSSES, Movement, RevenueChange
from billing.revenue.figures import in_between, monthly, running_rate
from crm.models import MembershipRecord
from crm.reports.base import Report, register
from crm.reports.months import DAY, months
from crm.reports.table import Column, Kind, Row

KINDS = (
    Movement.NEW,
    Movement.EXPANSION,
    Movement.REACTIVATION,
    Movement.RESUMED,
    Movement.CONTRACTION,
    Movement.CHURN,
    Movement.PAUSED,
)
Moved = dict[date, dict[str, tuple[int, int]]]  # by month and kind: pence a year, with sign; rows


@register
class RevenueMovement(Report):
    id = "revenue_movement"
    title = "Revenue movement"
    words = (
        "How the recurring revenue went from each month's opening to its closing: opening + new + "
        "expansion + reactivation + resumed − contraction − churn − paused = closing, to the "
        "penny. Pounds a year, without VAT; the last column is the closing a month (MRR), a "
        "twelfth rounded once. Only pounds are counted."
    )
    model = MembershipRecord
    columns = (
        Column("period", "Month", Kind.PERIOD),
        Column("opening", "Opening", Kind.PENCE),
        *(Column(kind.value, kind.label, Kind.PENCE, adds_up=True) for kind in KINDS),
        Column("closing", "Closing", Kind.PENCE),
        Column("joined", "Joined or came back", Kind.COUNT, adds_up=True),
        Column("left", "Left", Kind.COUNT, adds_up=True),
        Column("mrr", "MRR at the end", Kind.PENCE),
    )
    charted = tuple(kind.value for kind in KINDS)
    opens_with = "Last 12 months"
    nothing = "Nobody has paid for a membership in these days or before."

    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        opening, moved = running_rate(start - DAY), _moved(start, end)
        if not opening and not moved:
            return
        for stretch in months(start, end):
            row = _row(opening, moved[stretch.month])
            yield {"period": stretch, **row}
            opening = row["closing"]


def _moved(start: date, end: date) -> Moved:
    changes = in_between(RevenueChange.objects.order_by(), start, end)
    by_month = changes.annotate(month=TruncMonth("day")).values_list("month", "kind")
    moved: Moved = defaultdict(dict)
    for month, kind, amount, many in by_month.annotate(Sum("amount_pence"), Count("pk")):
        moved[month][kind] = (-amount if kind in LOSSES else amount, many)
    return moved


def _row(opening: int, moved: dict[str, tuple[int, int]]) -> dict[str, Any]:
    amounts = {kind.value: moved.get(kind, (0, 0))[0] for kind in KINDS}
    many = {kind: moved.get(kind, (0, 0))[1] for kind in KINDS}
    closing = opening + sum(amounts.values())
    return {
        "opening": opening,
        **amounts,
        "closing": closing,
        "joined": many[Movement.NEW] + many[Movement.REACTIVATION],
        "left": many[Movement.CHURN],
        "mrr": monthly(closing),
    }
