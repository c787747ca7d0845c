from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

from django.db.models import Exists, OuterRef

from billing.models.revenue import Movement, RevenueChange
from billing.revenue.figures import in_between
from crm.models import MembershipRecord
from crm.reports.base import CHUNK, Report, register
from crm.reports.months import months, months_later
from crm.reports.table import Column, Kind, Row

FOLLOWED_MONTHS = 12
AFTER = range(FOLLOWED_MONTHS + 1)
Change = tuple[str, date, str, int]  # account, day, kind, after in pence


@register
class Cohorts(Report):
    id = "cohorts"
    title = "Cohorts"
    words = (
        "The members who paid for the first time in a month, and how many of them pay at the end "
        "of that month (0) and of each of the twelve after it. Who left and came back counts "
        "again. Months that are not over by the last of the days are empty."
    )
    model = MembershipRecord
    columns = (
        Column("period", "First paid in", Kind.PERIOD),
        Column("joined", "Joined", Kind.COUNT, adds_up=True),
        *(Column(f"after_{k}", f"Month {k}", Kind.COUNT) for k in AFTER),
    )
    opens_with = "Last 12 months"
    nothing = "Nobody paid for the first time in these days."

    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        joined: Counter[date] = Counter()
        stayed: dict[date, Counter[int]] = defaultdict(Counter)
        for _, changes in groupby(_changes(start, end), key=lambda change: change[0]):
            month, pays = _course(list(changes), end)
            joined[month] += 1
            stayed[month].update(pays)
        if not joined:
            return
        for stretch in months(start, end):
            month = stretch.month
            yield {
                "period": stretch,
                "joined": joined[month],
                **{f"after_{k}": _known(stayed[month][k], month, k, end) for k in AFTER},
            }


def _changes(start: date, end: date) -> Iterable[Change]:
    """Return all movements of those who joined in these days, one member after the other."""
    new = RevenueChange.objects.filter(kind=Movement.NEW, account=OuterRef("account"))
    theirs = RevenueChange.objects.filter(Exists(in_between(new, start, end)), day__lt=end)
    ordered = theirs.order_by("account", "day")
    return ordered.values_list("account", "day", "kind", "after_pence").iterator(CHUNK)


def _course(changes: list[Change], end: date) -> tuple[date, list[int]]:
    """Return the month in which a member joined, and after how many months it (still) pays."""
    month = next(day for _, day, kind, _ in changes if kind == Movement.NEW).replace(day=1)
    pays = []
    for k in AFTER:
        stop = months_later(month, k + 1)
        before = [after for _, day, _, after in changes if day < stop]
        if stop <= end and before[-1] > 0:
            pays.append(k)
    return month, pays


def _known(count: int, month: date, k: int, end: date) -> int | None:
    return count if months_later(month, k + 1) <= end else None
