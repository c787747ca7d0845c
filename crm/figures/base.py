"""What a figure is: one number with its definition, its formula and its rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from accounts.london import next_month
from crm.reports.table import Column, Kind, Row


@dataclass(frozen=True)
class Scope:
    """What a figure is asked for: a month by its first day, the day it is seen on, and details
    such as the kind of a movement. All London days."""

    month: date
    today: date
    details: dict[str, str] = field(default_factory=dict)

    @property
    def end(self) -> date:
        """The first day of the next month."""
        return next_month(self.month)

    @property
    def day(self) -> date:
        """The day whose end the month is seen at: its last, or today."""
        return min(self.end - timedelta(days=1), self.today)

    @property
    def previous(self) -> date:
        return (self.month - timedelta(days=1)).replace(day=1)

    @property
    def is_running(self) -> bool:
        """The month is not over: its figures are “so far”."""
        return self.month <= self.today < self.end


@dataclass(frozen=True)
class Part:
    """One line of a formula: a sign, a name and a number.

    `figure` leads to its own explanation, with these details, in the month (None: the one asked).
    """

    name: str
    value: int | None
    kind: Kind
    figure: str = ""
    sign: str = ""
    details: dict[str, str] = field(default_factory=dict)
    month: date | None = None


@dataclass(frozen=True)
class Figure:
    """A number on the dashboard.

    `value` is the quick way to it. `from_rows` is the proof: it makes the same number of the rows'
    sum (of the column `adds`) or, without such a column, of their count. A share is the sum's part
    of the count.
    """

    id: str
    title: str
    words: str
    kind: Kind
    columns: tuple[Column, ...]
    value: Callable[[Scope], Any]
    rows: Callable[[Scope], Iterable[Row]]
    adds: str = ""
    from_rows: Callable[[int], Any] = lambda total: total
    formula: Callable[[Scope], list[Part]] = lambda scope: []
    details: tuple[str, ...] = ()  # what it is asked for beside the month

    def proved(self, rows: Iterable[Row]) -> Any:
        """Make the number of the rows alone."""
        every = list(rows)
        return self.of(self.total(every), len(every))

    def of(self, total: int, count: int) -> Any:
        """Make the number of the rows' sum and count."""
        if self.kind == Kind.SHARE:
            return Fraction(total, count) if count else None
        return self.from_rows(total)

    def total(self, rows: Iterable[Row]) -> int:
        return sum((row[self.adds] or 0) if self.adds else 1 for row in rows)


FIGURES: dict[str, Figure] = {}


def add(figure: Figure) -> Figure:
    if figure.id in FIGURES:
        raise ValueError(f"Two figures are called {figure.id}.")
    FIGURES[figure.id] = figure
    return figure
