"""What a figure is: one number with its definition, its formula and its rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
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
    def is_running(self) -> bool:
        """The month is not over: its figures are “so far”."""
        return self.month <= self.today < self.end


@dataclass(frozen=True)
class Part:
    """One number of a formula, as it is written there. `figure` leads to its own explanation."""

    name: str
    value: int | None
    kind: Kind
    figure: str = ""


@dataclass(frozen=True)
class Figure:
    """A number on the dashboard.

    `value` is the quick way to it. `from_rows` is the proof: it makes the same number of the rows'
    sum (of the column `adds`) or, without such a column, of their count.
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
    details: tuple[str, ...] = ()  # what it may be asked for beside the month

    def total(self, rows: Iterable[Row]) -> int:
        return sum((row[self.adds] or 0) if self.adds else 1 for row in rows)


FIGURES: dict[str, Figure] = {}


def add(figure: Figure) -> Figure:
    if figure.id in FIGURES:
        raise ValueError(f"Two figures are called {figure.id}.")
    FIGURES[figure.id] = figure
    return figure
