"""The figures on the admin's home page: seven cards, then what is behind them, month by month.

All is read at once from the sums that are kept; each cell knows which figure it is, and leads to
it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format

from accounts.admin_columns import day as in_short
from accounts.london import day_of
from billing.models import Cycle
from billing.models.revenue import GAINS, LOSSES, EndReason, Movement
from billing.revenue import figures
from billing.revenue import monthly as kept
from billing.revenue.figures import monthly
from crm.dashboard import readable
from crm.figures.asked import month_text, reason_name, tier_name
from crm.figures.base import Scope
from crm.figures.cells import Card, Cell, Line, counted, of_cohort
from crm.figures.chart import stacks
from crm.figures.money import RENEWAL_DAYS, cash_by_kind, recovered, renewed_of_due
from crm.figures.pages import may_see_figures
from crm.figures.stamp import stamp
from crm.figures.standing import Choice, Stands, add_up, in_pounds, left_out, stands_now

MONTHS = 13
KINDS = (*GAINS, *LOSSES)
NOTHING = kept.Moved()


@dataclass(frozen=True)
class Read:
    """What all parts of the page are made of; `rate` and `heads` at the first month's opening."""

    months: list[date]
    scope: Scope
    rate: int
    heads: int
    moved: dict[date, dict[str, kept.Moved]]
    stands: list[Stands] = field(default_factory=list)

    def in_month(self, month: date, kind: str) -> kept.Moved:
        return self.moved.get(month, {}).get(kind, NOTHING)


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
    every = stands_now()
    rate, heads = kept.opening(months[0])
    read = Read(months, scope, rate, heads, kept.moved(months[0], scope.end), in_pounds(every))
    movements, tiers = _movements(read), _tiers(read)
    return {
        "month": scope.month,
        "cards": [*_cards(read)],
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
        "cohorts": _cohorts(months),
        "left_out": [*_left_out(every)],
        "is_empty": not any(cell.value for line in movements for cell in line.cells),
    }


def last_months(today: date) -> list[date]:
    """Return the first days of the last months, oldest first; the last of them runs."""
    count = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(count - MONTHS + 1, count + 1)]


# --- Movements ------------------------------------------------------------------------------------


def _movements(read: Read) -> list[Line]:
    lines, opening = [], read.rate
    for month in read.months:
        sums = {kind: read.in_month(month, kind).amount_pence for kind in KINDS}
        closing = opening + _net(sums)
        lines.append(_movement_line(Scope(month, read.scope.today), opening, sums, closing))
        opening = closing
    return lines


def _net(sums: dict[Movement, int]) -> int:
    return sum(amount if kind in GAINS else -amount for kind, amount in sums.items())


def _movement_line(scope: Scope, opening: int, sums: dict[Movement, int], closing: int) -> Line:
    def cell(kind: Movement, amount: int) -> Cell:
        minus = "−" if kind in LOSSES and amount else ""
        details = {"kind": kind.value}
        return Cell("movement", scope.month, monthly(amount), details, before=minus)

    cells = [
        Cell("mrr", scope.previous, monthly(opening)),
        *(cell(kind, amount) for kind, amount in sums.items()),
        Cell("mrr", scope.month, monthly(closing)),
    ]
    return Line(date_format(scope.month, "M Y"), cells, scope.is_running)


def _chart(movements: list[Line]) -> dict[str, Any]:
    columns = [
        [(cell.value, cell.details["kind"], cell.url, cell.text) for cell in line.cells[1:-1]]
        for line in movements
    ]
    return stacks([line.title for line in movements], columns, set(LOSSES))


# --- Cards ----------------------------------------------------------------------------------------


def _cards(read: Read) -> Iterable[Card]:
    month = read.scope.month
    yield _revenue(read)
    yield Card("Paying members", Cell("members", month, _members(read)))
    yield _came_and_left(read)
    yield _at_risk(read)
    yield _leaving(read)
    amount, count = recovered(read.scope)
    yield Card(
        "Recovered this month",
        Cell("recovered", month, amount),
        (counted("recovered_count", month, count, "payment"),),
    )
    cash = sum(cash_by_kind(read.scope).values())
    yield Card("Cash in this month, with VAT", Cell("cash", month, cash))


def _revenue(read: Read) -> Card:
    month, since = read.scope.month, f"since the end of {read.scope.previous:%B}"
    nets = [
        _net({kind: read.in_month(each, kind).amount_pence for kind in KINDS})
        for each in read.months
    ]
    change = Cell(
        "mrr_change",
        month,
        monthly(nets[-1]),
        before="+" if nets[-1] > 0 else "",
        after=f" {since}",
        instead="" if nets[-1] else f"No change {since}",
    )
    total = Cell("mrr", month, monthly(read.rate + sum(nets)))
    return Card("Recurring revenue a month, without VAT", total, (change,))


def _members(read: Read) -> int:
    moved = [each for kinds in read.moved.values() for each in kinds.values()]
    return read.heads + sum(each.joined - each.left for each in moved)


def _came_and_left(read: Read) -> Card:
    month = read.scope.month

    def cell(kind: Movement, word: str) -> Cell:
        number = read.in_month(month, kind).changes
        return Cell("movement_count", month, number, {"kind": kind.value}, after=f" {word}")

    returned = cell(Movement.REACTIVATION, "came back")
    notes = (cell(Movement.CHURN, "left"), *([returned] if returned.value else []))
    return Card("New and left this month", cell(Movement.NEW, "new"), notes)


def _at_risk(read: Read) -> Card:
    month = read.scope.month
    annual, count = add_up(read.stands, lambda each: each.is_at_risk)
    main = Cell("at_risk", month, monthly(annual))
    return Card("Of it at risk", main, (counted("at_risk_count", month, count),))


def _leaving(read: Read) -> Card:
    month = read.scope.month
    annual, count = add_up(read.stands, lambda each: each.is_leaving)
    next_day = figures.next_to_leave(read.scope.day)
    after = f", next on {in_short(next_day)}" if next_day else ""
    main = Cell("leaving", month, monthly(annual))
    return Card("Of it leaving soon", main, (counted("leaving_count", month, count, after=after),))


# --- By plan --------------------------------------------------------------------------------------


def _tiers(read: Read) -> list[Line]:
    """One line for each tier, the one that brings most first: memberships by cycle, and MRR."""
    cycles = [*Cycle.values, *sorted({each.cycle for each in read.stands} - set(Cycle.values))]
    lines = [_tier_line(read, tier, cycles) for tier in sorted({each.tier for each in read.stands})]
    return sorted(lines, key=lambda line: -line.cells[-1].value)


def _tier_line(read: Read, tier: str, cycles: list[str]) -> Line:
    month = read.scope.month

    def count(cycle: str) -> Cell:
        number = add_up(read.stands, _is_plan(tier, cycle))[1]
        return Cell("plan_count", month, number, {"tier": tier, "cycle": cycle})

    annual, _ = add_up(read.stands, lambda each: each.tier == tier)
    together = Cell("tier_mrr", month, monthly(annual), {"tier": tier})
    return Line(tier_name(tier), [*map(count, cycles), together])


def _is_plan(tier: str, cycle: str) -> Choice:
    return lambda each: (each.tier, each.cycle) == (tier, cycle)


def _bars(tiers: list[Line]) -> list[dict[str, Any]]:
    most = max((line.cells[-1].value for line in tiers), default=0) or 1
    return [
        {"title": line.title, "cell": line.cells[-1], "width": 100 * line.cells[-1].value / most}
        for line in tiers
    ]


def _left_out(every: list[Stands]) -> Iterable[str]:
    for currency, annual in sorted(left_out(every).items()):
        yield f"{currency.upper()} {annual / 100:,.2f}"


# --- Renewals and churn ---------------------------------------------------------------------------


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
    share = figures.share(renewed, due)
    cell = Cell("renewal_rate", scope.month, share, out_of=(renewed, due))
    return Line(date_format(scope.month, "F Y"), [cell], scope.is_running)


def _churn(scope: Scope) -> list[Line]:
    """One line for each reason: members and MRR of this month and the one before."""
    left = kept.churn_reasons(scope.previous, scope.end)
    months = (scope.month, scope.previous)
    return [
        Line(
            reason_name(reason),
            [
                cell
                for month in months
                for cell in _churn_cells(month, reason, left.get(month, {}).get(reason, NOTHING))
            ],
        )
        for reason in EndReason.values
    ]


def _churn_cells(month: date, reason: str, left: kept.Moved) -> list[Cell]:
    details = {"reason": reason}
    return [
        Cell("churn_count", month, left.changes, details),
        Cell("churn", month, monthly(left.amount_pence), details),
    ]


# --- Cohorts --------------------------------------------------------------------------------------


def _cohorts(months: list[date]) -> list[Line]:
    """One line for each month in which somebody first paid; the first cell is its size."""
    steps = kept.cohort_steps()
    return [
        Line(date_format(month, "M Y"), _cohort_cells(month, months[index:], steps[month]))
        for index, month in enumerate(months)
        if month in steps
    ]


def _cohort_cells(cohort: date, months: list[date], steps: Counter[date]) -> list[Cell]:
    cells: list[Cell] = []
    staying = 0
    for month in months:
        staying += steps[month]
        size = cells[0].value if cells else staying
        cells.append(of_cohort(month_text(cohort), month, staying, size))
    return cells
