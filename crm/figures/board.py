"""The figures on the admin's home page: seven cards, then what is behind them, month by month.

Tables are read by grouped queries; each cell knows which figure it is, and leads to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format

from accounts.admin_columns import day as in_short
from accounts.london import day_of
from billing.models import Cycle
from billing.models.revenue import GAINS, LOSSES, EndReason
from billing.revenue import figures
from billing.revenue.figures import DAY, monthly
from crm.dashboard import readable
from crm.figures.asked import address, month_text, reason_name, tier_name
from crm.figures.base import Scope
from crm.figures.chart import stacks
from crm.figures.every import FIGURES
from crm.figures.money import RENEWAL_DAYS, renewed_of_due
from crm.figures.pages import may_see_figures, shown
from crm.figures.stamp import stamp

MONTHS = 13
KINDS = (*GAINS, *LOSSES)


@dataclass(frozen=True)
class Cell:
    """One number on the page: which figure it is, of when, and how it is written there."""

    figure: str
    month: date
    value: Any
    details: dict[str, str] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    out_of: tuple[int, int] = (0, 0)  # of a share: its two counts
    shade: int = 0  # 0 to 4, by the part of a cohort that is left

    @property
    def text(self) -> str:
        number = shown(FIGURES[self.figure].kind, self.value, *self.out_of)
        return f"{self.before}{number}{self.after}"

    @property
    def url(self) -> str:
        return address(self.figure, self.month, self.details)


@dataclass(frozen=True)
class Card:
    title: str
    main: Cell
    notes: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Line:
    title: str
    cells: list[Cell]
    is_running: bool = False


def board(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """Return None for who may not see figures."""
    if not may_see_figures(request):
        return None
    today = day_of(now)
    found = readable(lambda: _board(today))
    return {"is_broken": found is None, "stamp": stamp(request, now), **(found or {})}


def _board(today: date) -> dict[str, Any]:
    months = last_months(today)
    scope = Scope(months[-1], today)
    movements = _movements(months, scope)
    tiers = _tiers(scope)
    return {
        "month": scope.month,
        "cards": [*_cards(scope, movements[-1])],
        "kinds": [kind.label for kind in KINDS],
        "movements": movements[::-1],
        "chart": _chart(movements),
        "tiers": tiers,
        "tier_bars": _bars(tiers),
        "renewals": _renewals(scope),
        "renewal_days": RENEWAL_DAYS,
        "rates": [_rate(Scope(month, today)) for month in (scope.month, scope.previous)],
        "churn": _churn(scope),
        "months": [scope.month, scope.previous],
        "cohorts": _cohorts(months, today),
        "left_out": [*_left_out(scope.day)],
        "is_empty": not any(cell.value for line in movements for cell in line.cells),
    }


def last_months(today: date) -> list[date]:
    """Return the first days of the last months, oldest first; the last of them runs."""
    count = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(count - MONTHS + 1, count + 1)]


# --- Movements ------------------------------------------------------------------------------------


def _movements(months: list[date], scope: Scope) -> list[Line]:
    moved = figures.by_month(months[0], scope.end)
    opening = figures.running_rate(months[0] - DAY)
    lines = []
    for month in months:
        sums = {kind: moved.get((month, kind), (0, 0))[0] for kind in KINDS}
        closing = opening + sum(sums[kind] for kind in GAINS) - sum(sums[kind] for kind in LOSSES)
        lines.append(_movement_line(Scope(month, scope.today), opening, sums, closing))
        opening = closing
    return lines


def _movement_line(scope: Scope, opening: int, sums: dict[str, int], closing: int) -> Line:
    kinds = [
        Cell(
            "movement",
            scope.month,
            monthly(sums[kind]),
            {"kind": kind.value},
            before="−" if kind in LOSSES and sums[kind] else "",
        )
        for kind in KINDS
    ]
    return Line(
        date_format(scope.month, "M Y"),
        [
            Cell("mrr", scope.previous, monthly(opening)),
            *kinds,
            Cell("mrr", scope.month, monthly(closing)),
        ],
        scope.is_running,
    )


def _chart(movements: list[Line]) -> dict[str, Any]:
    columns = [
        [(cell.value, cell.details["kind"], cell.url, cell.text) for cell in line.cells[1:-1]]
        for line in movements
    ]
    return stacks([line.title for line in movements], columns, set(LOSSES))


# --- Cards ----------------------------------------------------------------------------------------


def _cards(scope: Scope, moved: Line) -> Iterable[Card]:
    month = scope.month
    yield Card("Recurring revenue a month, without VAT", moved.cells[-1], (_change(scope),))
    members = FIGURES["members"].value(scope)
    yield Card("Paying members", Cell("members", month, members))
    yield _came_and_left(scope)
    yield _at_risk(scope)
    yield _leaving(scope)
    recovered, count = (FIGURES[name].value(scope) for name in ("recovered", "recovered_count"))
    yield Card(
        "Recovered this month",
        Cell("recovered", month, recovered),
        (_counted("recovered_count", month, count, "payment"),),
    )
    yield Card("Cash in this month, with VAT", Cell("cash", month, FIGURES["cash"].value(scope)))


def _change(scope: Scope) -> Cell:
    value = FIGURES["mrr_change"].value(scope)
    before = "+" if value > 0 else ""
    after = f" since the end of {scope.previous:%B}"
    return Cell("mrr_change", scope.month, value, before=before, after=after)


def _came_and_left(scope: Scope) -> Card:
    def of_kind(kind: str, word: str) -> Cell:
        asked = Scope(scope.month, scope.today, {"kind": kind})
        value = FIGURES["movement_count"].value(asked)
        return Cell("movement_count", scope.month, value, {"kind": kind}, after=f" {word}")

    returned = of_kind("reactivation", "came back")
    notes = (of_kind("churn", "left"), *([returned] if returned.value else []))
    return Card("New and left this month", of_kind("new", "new"), notes)


def _at_risk(scope: Scope) -> Card:
    annual, count = figures.worth(figures.at_risk(scope.day))
    main = Cell("at_risk", scope.month, monthly(annual))
    return Card("Of it at risk", main, (_counted("at_risk_count", scope.month, count),))


def _leaving(scope: Scope) -> Card:
    annual, count = figures.worth(figures.leaving(scope.day))
    next_day = figures.next_to_leave(scope.day) if count else None
    after = f", next on {in_short(next_day)}" if next_day else ""
    note = _counted("leaving_count", scope.month, count, after=after)
    return Card("Of it leaving soon", Cell("leaving", scope.month, monthly(annual)), (note,))


def _counted(
    figure: str, month: date, count: int, word: str = "membership", after: str = ""
) -> Cell:
    plural = "" if count == 1 else "s"
    return Cell(figure, month, count, after=f" {word}{plural}{after}")


# --- By plan, renewals, churn ---------------------------------------------------------------------


def _tiers(scope: Scope) -> list[Line]:
    """One line for each tier, dearest first: memberships of each cycle, and their MRR."""
    plans = figures.by_plan(figures.paying(scope.day))
    cycles = cycles_of(plans)
    annual: dict[str, int] = {}
    for (tier, _), (amount, _count) in plans.items():
        annual[tier] = annual.get(tier, 0) + amount
    return [
        Line(
            tier_name(tier),
            [
                *(_plan_cell(scope, tier, cycle, plans) for cycle in cycles),
                Cell("tier_mrr", scope.month, monthly(amount), {"tier": tier}),
            ],
        )
        for tier, amount in sorted(annual.items(), key=lambda item: -item[1])
    ]


def cycles_of(plans: Iterable[tuple[str, str]]) -> list[str]:
    """The two cycles, and the unknown one where it is met."""
    return [*Cycle.values, *sorted({cycle for _, cycle in plans} - set(Cycle.values))]


def _plan_cell(scope: Scope, tier: str, cycle: str, plans: dict[Any, tuple[int, int]]) -> Cell:
    count = plans.get((tier, cycle), (0, 0))[1]
    return Cell("plan_count", scope.month, count, {"tier": tier, "cycle": cycle})


def _bars(tiers: list[Line]) -> list[dict[str, Any]]:
    most = max((line.cells[-1].value for line in tiers), default=0) or 1
    return [
        {"title": line.title, "cell": line.cells[-1], "width": 100 * line.cells[-1].value / most}
        for line in tiers
    ]


def _renewals(scope: Scope) -> list[Line]:
    until = scope.today + timedelta(days=RENEWAL_DAYS)
    found = figures.renewing_by_cycle(scope.today, until)
    lines = []
    for cycle in Cycle:
        amount, count = found.get(cycle, (0, 0))
        details = {"cycle": cycle.value}
        cells = [
            Cell("renewals_count", scope.month, count, details),
            Cell("renewals", scope.month, amount, details),
        ]
        lines.append(Line(cycle.label, cells))
    return lines


def _rate(scope: Scope) -> Line:
    renewed, due = renewed_of_due(scope)
    share = Cell("renewal_rate", scope.month, figures.share(renewed, due), out_of=(renewed, due))
    return Line(date_format(scope.month, "F Y"), [share], scope.is_running)


def _churn(scope: Scope) -> list[Line]:
    """One line for each reason: members and MRR of this month and the one before."""
    left = figures.churn_by_month(scope.previous, scope.end)
    return [
        Line(reason_name(reason), _churn_cells(scope, reason, left)) for reason in EndReason.values
    ]


def _churn_cells(scope: Scope, reason: str, left: dict[Any, tuple[int, int]]) -> list[Cell]:
    cells = []
    for month in (scope.month, scope.previous):
        amount, count = left.get((month, reason), (0, 0))
        details = {"reason": reason}
        cells += [
            Cell("churn_count", month, count, details),
            Cell("churn", month, monthly(amount), details),
        ]
    return cells


def _left_out(day: date) -> Iterable[str]:
    """Yield the other currencies, which are never added to pounds."""
    for currency, annual in figures.other_currencies(day).items():
        yield f"{currency.upper()} {annual / 100:,.2f}"


# --- Cohorts --------------------------------------------------------------------------------------


def _cohorts(months: list[date], today: date) -> list[Line]:
    """One line for each month in which somebody first paid; the first cell is its size."""
    steps = figures.cohorts(months[0], Scope(months[-1], today).end)
    lines = []
    for index, cohort in enumerate(months):
        cells, staying = [], 0
        for month in months[index:]:
            staying += steps.get((cohort, month), 0)
            cells.append(_cohort_cell(cohort, month, staying, cells))
        if any(cell.value for cell in cells):
            lines.append(Line(date_format(cohort, "M Y"), cells))
    return lines


def _cohort_cell(cohort: date, month: date, staying: int, before: list[Cell]) -> Cell:
    size = before[0].value if before else staying
    shade = min(ceil(4 * staying / size), 4) if size else 0
    return Cell("cohort", month, staying, {"cohort": month_text(cohort)}, shade=shade)
