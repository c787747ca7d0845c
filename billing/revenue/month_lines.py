"""The lines of a month: each figure by its name, as closed, as now, and what lies between."""

from dataclasses import dataclass

from billing.models import MonthAdjustment, PaymentKind
from billing.models.revenue import LOSSES, Movement
from billing.revenue.closing import CASH, MOVED, Month

MEMBERS = {
    "members_opening": "Paying members at the beginning",
    "joined": "Began to pay",
    "left": "Stopped paying",
    "members_closing": "Paying members at the end",
}
PARTS = {"net": "without VAT", "vat": "VAT", "gross": "with VAT"}
TAKEN_OFF = {*LOSSES, "left"}


@dataclass(frozen=True)
class Line:
    """One figure. `sign` says how it enters the sum that its section ends with."""

    name: str
    title: str
    is_money: bool
    sign: int
    as_now: int
    as_closed: int | None
    adjustments: list[MonthAdjustment]

    @property
    def difference(self) -> int:
        return 0 if self.as_closed is None else self.as_now - self.as_closed

    @property
    def is_something(self) -> bool:
        return bool(self.as_now or self.as_closed or self.adjustments)

    @property
    def is_total(self) -> bool:
        return self.name in {"closing", "members_closing"}


@dataclass(frozen=True)
class Section:
    title: str
    words: str
    lines: list[Line]


def lines_of(month: Month) -> list[Section]:
    movements = {"opening": "At the beginning"}
    movements |= {kind: Movement(kind).label for kind in MOVED} | {"closing": "At the end"}
    cash = {
        f"{kind}_{part}": f"{PaymentKind(kind).label}, {words}"
        for kind in CASH
        for part, words in PARTS.items()
    }
    return [
        Section(
            "Recurring revenue, a year",
            "Twelve times the MRR, without VAT. The end is the beginning with what was gained, "
            "less what was lost.",
            _lines(month, movements),
        ),
        Section(
            "Members",
            "An owner is one member, however many memberships it has.",
            _lines(month, MEMBERS, is_money=False),
        ),
        Section(
            "Money that moved",
            "As paid, refunded and disputed in this month by London's days; what there was none "
            "of is left out. Stripe's fees are those that are known.",
            [line for line in _lines(month, cash | {"fees": "Stripe's fees"}) if line.is_something],
        ),
    ]


def _lines(month: Month, titles: dict[str, str], *, is_money: bool = True) -> list[Line]:
    closed = month.closed.figures if month.closed else {}
    return [
        Line(
            name=name,
            title=title,
            is_money=is_money,
            sign=-1 if name in TAKEN_OFF else 1,
            as_now=month.now[name],
            as_closed=closed.get(name),
            adjustments=[each for each in month.adjustments if each.figure == name],
        )
        for name, title in titles.items()
    ]
