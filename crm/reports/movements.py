from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from billing.models.revenue import LOSSES, Movement, RevenueChange
from billing.revenue.figures import in_between, monthly, running_rate
from crm.models import MembershipRecord
from crm.reports.base import ListReport, Report, register
from crm.reports.linking import address_of
from crm.reports.members import contact_url, cycle_name, plan_name
from crm.reports.months import DAY, months
from crm.reports.narrowing import by_plan
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
            yield {"period": stretch, **row, "url": address_of("revenue_changes", stretch)}
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


@register
class RevenueChanges(ListReport):
    id = "revenue_changes"
    title = "Each movement"
    words = (
        "Every movement of recurring revenue: an owner and a London day, all subscriptions of the "
        "owner together. Pounds a year, without VAT; what was lost is below zero, so that the "
        "differences add up to closing − opening. Plan, tier and cycle are those of the "
        "subscription that moved most."
    )
    model = MembershipRecord
    narrows = frozenset({"tier", "cycle"})
    columns = (
        Column("day", "Day", Kind.DAY),
        Column("owner", "Owner"),
        Column("kind", "Movement"),
        Column("before", "Before", Kind.PENCE),
        Column("after", "After", Kind.PENCE),
        Column("difference", "Difference", Kind.PENCE, adds_up=True),
        Column("plan", "Plan"),
        Column("cycle", "Cycle"),
        Column("what", "What happened"),
        Column("reason", "Why they left"),
    )
    nothing = "No recurring revenue moved in these days."
    sums = {"difference": F("after_pence") - F("before_pence")}

    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        changes = in_between(RevenueChange.objects.all(), start, end)
        narrowed = by_plan(changes, tier, cycle, tier_field="tier", cycle_field="cycle")
        return narrowed.select_related("owner__user__crm_record").order_by("day", "pk")

    def row(self, each: RevenueChange) -> Row:
        return {
            "day": each.day,
            "owner": each.owner.name if each.owner else None,
            "kind": each.get_kind_display(),
            "before": each.before_pence,
            "after": each.after_pence,
            "difference": each.after_pence - each.before_pence,
            "plan": plan_name(each.tier),
            "cycle": cycle_name(each.cycle),
            "what": each.what or None,
            "reason": each.get_reason_display() or None,
            "url": contact_url(each.owner),
        }
