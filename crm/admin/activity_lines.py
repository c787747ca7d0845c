"""The activity log as people read it: what a command did in one go is one line.

A page knows where it starts, not its number, so the last one costs what the first one does.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from accounts.london import day_of, start_of_day
from crm.api.pagination import Order
from crm.mirror.history import ROUTINE
from crm.models import ActivityLog

MACHINE = "system:"
RUN = ("actor", "origin", "entity_type", "activity_type", "outcome", "cause")
STRETCH = 60  # entries read at first: enough for a page, unless much of it is folded or skipped
COUNTED = 10_000  # of more changes than this, people are told only that there are more
NEWEST_FIRST = Order(ActivityLog._meta.get_field("created_at"), descending=True)

Place = tuple[datetime, int]  # when, and the entry's key


@dataclass(frozen=True)
class Line:
    """One change; or a run, changes of one kind that a command made on one day, in a row."""

    first: ActivityLog  # in the order of reading
    last: ActivityLog
    count: int = 1
    is_more: bool = False  # than were counted
    skipped: int = 0  # routine changes that were passed over on the way to it, or in it

    @property
    def is_run(self) -> bool:
        return self.count > 1

    def longer(self, last: ActivityLog, by: "Count", *, skipped: int = 0) -> "Line":
        is_more = self.is_more or by.is_more
        count = COUNTED if is_more else self.count + by.number
        skipped += self.skipped
        return replace(self, last=last, count=count, is_more=is_more, skipped=skipped)

    @property
    def newest(self) -> ActivityLog:
        return max(self.first, self.last, key=place_of)

    @property
    def oldest(self) -> ActivityLog:
        return min(self.first, self.last, key=place_of)


def place_of(entry: ActivityLog) -> Place:
    return entry.created_at, entry.pk


def may_fold(entry: ActivityLog) -> bool:
    return entry.actor.startswith(MACHINE)


def run_of(entry: ActivityLog) -> dict[str, Any]:
    """Return what the entries of a run have in common, as a filter."""
    morning = start_of_day(day_of(entry.created_at))
    midnight = start_of_day(day_of(entry.created_at) + timedelta(days=1))
    shared = {name: getattr(entry, name) for name in RUN}
    return {**shared, "created_at__gte": morning, "created_at__lt": midnight}


def beyond(rows: QuerySet[ActivityLog], order: Order, place: Place) -> QuerySet[ActivityLog]:
    moment, key = place
    return rows.filter(order.beyond(moment, str(key)))


def in_order(rows: QuerySet[ActivityLog], order: Order) -> QuerySet[ActivityLog]:
    return rows.order_by(*order.clauses())


def up_to(rows: QuerySet[ActivityLog], order: Order, place: Place) -> QuerySet[ActivityLog]:
    """Return the rows as far as this place, what stands there included."""
    moment, key = place
    near = {f"created_at__{'gte' if order.descending else 'lte'}": moment}  # for the index
    return rows.filter(**near).exclude(order.beyond(moment, str(key)))


def place_at(rows: QuerySet[ActivityLog], order: Order, offset: int = 0) -> Place | None:
    """Return where the row stands that comes after so many others."""
    places = in_order(rows, order).values_list("created_at", "pk")
    return next(iter(places[offset : offset + 1]), None)


@dataclass(frozen=True)
class Count:
    number: int
    is_more: bool = False  # than the number says

    @classmethod
    def of(cls, rows: QuerySet[ActivityLog], order: Order) -> "Count":
        counted = in_order(rows, order).values("pk")[: COUNTED + 1].count()
        return cls(min(counted, COUNTED), counted > COUNTED)


# --- Reading --------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Reads the lines of these rows, from their first on; passes over routine if it is to."""

    rows: QuerySet[ActivityLog]
    order: Order
    folds: bool = True
    skips: bool = False
    skipped: int = 0  # since the last line
    lines: list[Line] = field(default_factory=list)

    def read(self, wanted: int) -> list[Line]:
        """Return so many lines; where there are fewer, that is all."""
        rest, size = self.rows, STRETCH
        while len(self.lines) < wanted:
            stretch = self._entries(rest, size)
            for entry in stretch:
                self._add(entry)
            if len(stretch) < size:
                break
            place = self._leap(stretch[-1])
            rest = beyond(self.rows, self.order, place)
            # Where nothing could be leapt over, much is folded or skipped entry by entry.
            size = 2 * size if place == place_of(stretch[-1]) else STRETCH
        return self.lines[:wanted]

    def _entries(self, rows: QuerySet[ActivityLog], size: int) -> list[ActivityLog]:
        # Found inside the index, then read: else the database reads all that it passes over.
        found = in_order(rows, self.order).values("pk")[:size]
        entries = ActivityLog.objects.filter(pk__in=found).defer("changes")
        return list(in_order(entries, self.order))

    def _add(self, entry: ActivityLog) -> None:
        if self.skips and entry.outcome == ROUTINE:
            self.skipped += 1
            return
        passed, self.skipped = self.skipped, 0
        if self._goes_on(entry):
            self.lines[-1] = self.lines[-1].longer(entry, Count(1), skipped=passed)
        else:
            self.lines.append(Line(entry, entry, skipped=passed))

    def _goes_on(self, entry: ActivityLog) -> bool:
        if not self.folds or not self.lines or not may_fold(entry):
            return False
        return run_of(entry) == run_of(self.lines[-1].last)

    # --- Over what need not be read ---------------------------------------------------------------

    def _leap(self, last: ActivityLog) -> Place:
        """Count the rest of a run, or of a row of routine, and return where it ends."""
        if self.skips and last.outcome == ROUTINE:
            return self._leap_over_routine(last)
        if self.folds and may_fold(last):
            self.lines[-1] = self._whole(self.lines[-1])
            return place_of(self.lines[-1].last)
        return place_of(last)

    def _leap_over_routine(self, last: ActivityLog) -> Place:
        routine = self._stretch_of(self.rows, place_of(last), {"outcome": ROUTINE})
        self.skipped += routine.count()
        return place_at(routine, self.order.reversed()) or place_of(last)

    def _whole(self, line: Line) -> Line:
        """Return a run with the rest of it, however long; routine in between comes next."""
        rest = self._stretch_of(self.rows, place_of(line.last), run_of(line.last))
        counted = Count.of(rest, self.order)
        if not counted.number:
            return line
        last = in_order(rest, self.order.reversed()).defer("changes")[0]
        return line.longer(last, counted)

    def _stretch_of(
        self, rows: QuerySet[ActivityLog], start: Place, alike: dict[str, Any]
    ) -> QuerySet[ActivityLog]:
        """Return the rows beyond the start that are alike, up to the first that is not."""
        rest = beyond(rows, self.order, start)
        end = place_at(rest.exclude(**alike), self.order)
        return beyond(rest, self.order.reversed(), end) if end else rest
