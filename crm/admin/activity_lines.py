"""The activity log as people read it: what a command did in one go is one line.

A page knows where it starts, not its number, so the last one costs what the first one does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from accounts.london import day_of, start_of_day
from crm.api.pagination import Order
from crm.models import ActivityLog

MACHINE = "system:"
RUN = ("actor", "origin", "entity_type", "activity_type", "outcome", "cause")
STRETCH = 100  # entries read at a time where runs may hide many lines' worth of them
NEWEST_FIRST = Order(ActivityLog._meta.get_field("created_at"), descending=True)

Place = tuple[datetime, int]  # when, and the entry's key


@dataclass(frozen=True)
class Line:
    """One change; or a run, changes of one kind that a command made on one day, in a row."""

    first: ActivityLog  # in the order of reading
    last: ActivityLog
    count: int = 1

    @property
    def is_run(self) -> bool:
        return self.count > 1

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


def read_lines(rows: QuerySet[ActivityLog], order: Order, *, wanted: int, fold: bool) -> list[Line]:
    """Return the first lines of these rows; where there are fewer than wanted, that is all."""
    lines: list[Line] = []
    rest, size = rows, STRETCH if fold else wanted
    while len(lines) < wanted:
        stretch = _read(rest, order, size)
        for entry in stretch:
            _add(lines, entry, fold)
        if len(stretch) < size:
            break
        if fold and may_fold(lines[-1].last):
            lines[-1] = _whole(lines[-1], rows, order)
        rest = beyond(rows, order, place_of(lines[-1].last))
    return lines[:wanted]


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


def _read(rows: QuerySet[ActivityLog], order: Order, size: int) -> list[ActivityLog]:
    # Found inside the index first, then read: the database would read all that it passes over.
    found = in_order(rows, order).values("pk")[:size]
    entries = ActivityLog.objects.filter(pk__in=found).defer("changes")
    return list(in_order(entries, order))


def _add(lines: list[Line], entry: ActivityLog, fold: bool) -> None:
    if fold and lines and _belongs(entry, lines[-1].last):
        lines[-1] = replace(lines[-1], last=entry, count=lines[-1].count + 1)
    else:
        lines.append(Line(entry, entry))


def _belongs(entry: ActivityLog, other: ActivityLog) -> bool:
    return may_fold(entry) and run_of(entry) == run_of(other)


def _whole(line: Line, rows: QuerySet[ActivityLog], order: Order) -> Line:
    """Return a run that was cut with the rest of it, however long, without reading it."""
    run = run_of(line.last)
    rest = beyond(rows, order, place_of(line.last))
    if end := place_at(rest.exclude(**run), order):
        rest = beyond(rest, order.reversed(), end)
    count = rest.count()
    if not count:
        return line
    last = in_order(rest, order.reversed()).defer("changes")[0]
    return replace(line, last=last, count=line.count + count)
