"""What a report is asked for, read from what people type: each either a value or a sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.london import in_words, next_month
from billing.models import Cycle, Tier
from crm.reports.base import REPORTS, Report
from crm.reports.months import DAY, months_later

MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
DAY_OF_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_YEAR, LAST_YEAR = 2000, 2100
SIXTY_DAYS = 60 * DAY


class CannotBeAsked(ValueError):
    """A sentence for whoever asked."""


@dataclass(frozen=True)
class Asked:
    """[start, end), London days; and what it is narrowed down to."""

    report: Report
    start: date
    end: date
    tier: str = ""
    cycle: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "tier": self.tier, "cycle": self.cycle}

    @property
    def last(self) -> date:
        return self.end - DAY

    @property
    def days(self) -> str:
        """The days in words, both of them counted."""
        if self.report.is_as_of or self.start == self.last:
            return in_words(self.last)
        return f"{in_words(self.start)} to {in_words(self.last)}"

    @property
    def file_name(self) -> str:
        """The name of a file with the rows, without its ending."""
        days = [self.last] if self.report.is_as_of else [self.start, self.last]
        parts = [self.report.id, self.tier, self.cycle, "-to-".join(map(str, days))]
        return "-".join(part for part in parts if part).replace("_", "-")


def report_called(name: str) -> Report:
    if name in REPORTS:
        return REPORTS[name]
    raise CannotBeAsked(f"There is no report called “{name[:60]}”. See the list of reports.")


def asked(report: Report, said: Mapping[str, str | None], *, today: date) -> Asked:
    """Read `start`, `end` (both count; a day or a month), `tier` and `cycle`.

    Without days they are those that the report opens with. Raises CannotBeAsked.
    """
    opening = next(each for each in ready(report, today) if each.title == report.opens_with)
    start, last = opening.start, opening.last
    if said.get("start") and not report.is_as_of:
        start, _ = _days(said["start"])
    if said.get("end"):
        first, last = _days(said["end"])
        if first <= today < last and not report.looks_ahead:
            last = today  # of the current month, what there is of it
    if start > last and not said.get("end"):
        last = start + SIXTY_DAYS if report.looks_ahead else today
    if start > last and not said.get("start"):
        start = last.replace(day=1)
    start = last if report.is_as_of else start
    _check(report, start, last, today=today)
    tier, cycle = (_narrowed(report, name, said.get(name) or "") for name in ("tier", "cycle"))
    return Asked(report, start, last + DAY, tier, cycle)


def _days(text: str) -> tuple[date, date]:
    """Return the first and the last day of what was typed."""
    text = text.strip()
    try:
        if DAY_OF_MONTH.fullmatch(text):
            first = last = date.fromisoformat(text)
        elif MONTH.fullmatch(text):
            first = date.fromisoformat(f"{text}-01")
            last = next_month(first) - DAY
        else:
            raise ValueError(text)
    except (ValueError, OverflowError):
        said = f"“{text[:40]}” is neither a day such as 2026-11-20 nor a month such as 2026-11."
        raise CannotBeAsked(said) from None
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise CannotBeAsked(f"{text} is out of reach: {FIRST_YEAR} to {LAST_YEAR} can be asked.")
    return first, last


def _check(report: Report, start: date, last: date, *, today: date) -> None:
    if start > today and not report.looks_ahead:
        raise CannotBeAsked(f"{in_words(start)} is in the future: nothing is known of it yet.")
    if start > last:
        raise CannotBeAsked(
            f"The first day, {in_words(start)}, is after the last day, {in_words(last)}."
        )
    if last > today and not report.looks_ahead:
        raise CannotBeAsked(
            f"The days end in the future, on {in_words(last)}. Nothing is known after today, "
            f"{in_words(today)}."
        )


def _narrowed(report: Report, name: str, value: str) -> str:
    if not value:
        return ""
    if name not in report.narrows:
        raise CannotBeAsked(f"“{report.title}” cannot be narrowed down by {name}.")
    known = dict(choices(name))
    if value not in known:
        listed = ", ".join(known) or "there is none yet"
        raise CannotBeAsked(f"There is no {name} called “{value[:40]}”. Known: {listed}.")
    return value


def choices(name: str) -> list[tuple[str, str]]:
    if name == "cycle":
        return list(Cycle.choices)
    return list(Tier.objects.order_by("rank").values_list("code", "name"))


# --- Ready ranges ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """Days that are often wanted; both count."""

    title: str
    start: date
    last: date


def ready(report: Report, today: date) -> list[Ready]:
    first = today.replace(day=1)
    if report.is_as_of:
        return [
            Ready("Today", today, today),
            Ready("End of last month", first - DAY, first - DAY),
            Ready("End of last year", _end_of_year(today.year - 1), _end_of_year(today.year - 1)),
        ]
    this_month = Ready("This month", first, next_month(first) - DAY)
    if report.looks_ahead:
        following = next_month(first)
        return [
            Ready("Next 60 days", today, today + SIXTY_DAYS),
            this_month,
            Ready("Next month", following, next_month(following) - DAY),
            Ready("Next 12 months", today, months_later(today, 13) - DAY),
        ]
    return [
        Ready("This month", first, today),
        Ready("Last month", months_later(first, -1), first - DAY),
        Ready("Last 12 months", months_later(first, -11), today),
        Ready("This year", date(today.year, 1, 1), today),
        Ready("Last year", date(today.year - 1, 1, 1), _end_of_year(today.year - 1)),
    ]


def _end_of_year(year: int) -> date:
    return date(year, 12, 31)
