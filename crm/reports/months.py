"""The months of a range of London days, the first and the last perhaps only in part."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format

from accounts.london import next_month

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """[start, end), within one month."""

    start: date
    end: date

    @property
    def month(self) -> date:
        return self.start.replace(day=1)

    @property
    def is_whole(self) -> bool:
        return self.start == self.month and self.end == next_month(self.start)

    @property
    def last(self) -> date:
        return self.end - DAY

    @property
    def iso(self) -> str:
        if self.is_whole:
            return f"{self.start:%Y-%m}"
        return f"{self.start.isoformat()} to {self.last.isoformat()}"

    def __str__(self) -> str:
        if self.is_whole:
            return date_format(self.start, "M Y")
        if self.start == self.last:
            return date_format(self.start, "j M Y")
        return f"{self.start.day}–{date_format(self.last, 'j M Y')}"


def months(start: date, end: date) -> Iterator[Stretch]:
    """Yield the months of [start, end)."""
    while start < end:
        stop = min(next_month(start), end)
        yield Stretch(start, stop)
        start = stop


def months_later(day: date, count: int) -> date:
    """Return the first day of the month that is so many after (or, below zero, before) a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, 1)
