"""What a report is, and the one registry of all of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Model, QuerySet, Sum
from django.db.models.functions import Coalesce

from crm.reports.table import Column, Row, totals

CHUNK = 1000


@dataclass(frozen=True)
class Part:
    """Some rows in a row, the number of all, and the sums of all."""

    rows: list[Row]
    count: int
    totals: Row


class Report(ABC):
    """A table over a range of London days.

    Who may view `model` may see it. `narrows` names what it may be narrowed by beside the days.
    Where nothing is known of the days, it has no rows: no months full of zeros.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    words: ClassVar[str]  # what it shows and how that is worked out
    model: ClassVar[type[Model]]
    also: ClassVar[tuple[type[Model], ...]] = ()  # what else its viewers must be allowed to view
    columns: ClassVar[tuple[Column, ...]]
    narrows: ClassVar[frozenset[str]] = frozenset()
    # As of a day instead of over a range: then only the end counts.
    is_as_of: ClassVar[bool] = False
    looks_ahead: ClassVar[bool] = False  # its days may lie in the future
    # The columns that a chart shows over the first one; none where a chart helps nobody.
    charted: ClassVar[tuple[str, ...]] = ()
    opens_with: ClassVar[str] = "This month"  # one of the ready ranges of asking.py
    nothing: ClassVar[str] = "There is nothing in these days."

    @abstractmethod
    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        """Yield the rows of [start, end): both are London days, and `end` is not in it."""

    def part(self, first: int, size: int, **asked: Any) -> Part:
        """Return `size` rows from the one numbered `first` (0 begins), and what all come to."""
        shown, count = [], 0

        def passing() -> Iterator[Row]:
            nonlocal count
            for row in self.rows(**asked):
                if first <= count < first + size:
                    shown.append(row)
                count += 1
                yield row

        sums = totals(self.columns, passing())
        return Part(shown, count, sums | self.further_totals(sums))

    def further_totals(self, sums: Row) -> Row:
        """Return what follows from the sums, by the columns' names."""
        return {}

    def notes(self, **asked: Any) -> list[str]:
        """Return sentences that the table cannot say."""
        return []

    def may_be_seen_by(self, user: AbstractBaseUser) -> bool:
        models = (self.model, *self.also)
        return all(user.has_perm(f"{m._meta.app_label}.view_{m._meta.model_name}") for m in models)


class ListReport(Report):
    """A report of one row for each of a queryset: a page of it reads no more than it shows."""

    sums: ClassVar[dict[str, Any]] = {}  # what each column that adds up is in the database

    @abstractmethod
    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        """Return what the rows are made of, in a full order."""

    @abstractmethod
    def row(self, each: Any) -> Row:
        """Return the row of one; costs no query."""

    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        found = self.found(start=start, end=end, tier=tier, cycle=cycle)
        yield from map(self.row, found.iterator(chunk_size=CHUNK))

    def part(self, first: int, size: int, **asked: Any) -> Part:
        found = self.found(**asked)
        # Named apart: a sum that is called like a column would be taken for it by the next one.
        wanted = {f"sum_of_{name}": Coalesce(Sum(what), 0) for name, what in self.sums.items()}
        counted = found.order_by().aggregate(how_many=Count("pk"), **wanted)
        sums = {name: counted[f"sum_of_{name}"] for name in self.sums}
        shown = [self.row(each) for each in found[first : first + size]]
        return Part(shown, counted["how_many"], sums | self.further_totals(sums))


REPORTS: dict[str, Report] = {}


def register(report: type[Report]) -> type[Report]:
    if report.id in REPORTS:
        raise ValueError(f"Two reports are called {report.id}.")
    REPORTS[report.id] = report()
    return report
