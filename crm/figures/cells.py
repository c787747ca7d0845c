"""The parts of the home page's figures: numbers that lead to their explanation."""

from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Any

from crm.figures.asked import address
from crm.figures.every import FIGURES
from crm.figures.pages import shown

SHADES = 4


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
    instead: str = ""  # words in place of the number
    shade: int = 0  # 0 to SHADES, by the part of a cohort that is left

    @property
    def text(self) -> str:
        if self.instead:
            return self.instead
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


def counted(
    figure: str, month: date, count: int, word: str = "membership", after: str = ""
) -> Cell:
    plural = "" if count == 1 else "s"
    return Cell(figure, month, count, after=f" {word}{plural}{after}")


def of_cohort(cohort: str, month: date, staying: int, size: int) -> Cell:
    shade = min(ceil(SHADES * staying / size), SHADES) if size else 0
    return Cell("cohort", month, staying, {"cohort": cohort}, shade=shade)
