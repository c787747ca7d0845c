"""What a report is, and the one registry of all of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from django.db.models import Model

from crm.reports.table import Column, Row


class Report(ABC):
    """A table over a range of London days.

    Who may view `model` may see it. `narrows` names what it may be narrowed by beside the days.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    words: ClassVar[str]  # what it shows and how that is worked out
    model: ClassVar[type[Model]]
    columns: ClassVar[tuple[Column, ...]]
    narrows: ClassVar[frozenset[str]] = frozenset()
    # As of a day instead of over a range: then only the end counts.
    is_as_of: ClassVar[bool] = False
    # The columns that a chart shows over the first one; none where a chart helps nobody.
    charted: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        """Yield the rows of [start, end): both are London days, and `end` is not in it."""


REPORTS: dict[str, Report] = {}


def register(report: type[Report]) -> type[Report]:
    if report.id in REPORTS:
        raise ValueError(f"Two reports are called {report.id}.")
    REPORTS[report.id] = report()
    return report
