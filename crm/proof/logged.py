"""What the activity log says that records hold: so it tells what was written past the mirror."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from crm.mirror import Mirror
from crm.mirror.rows import Key, Row
from crm.models import ActivityLog, ActivityType

State = dict[str, Any]  # {column: its value after the last entry about it}, as JSON has values


@dataclass(frozen=True)
class Log:
    """The entries up to a moment; all of them where none is given."""

    until: datetime | None = None

    def changed_by_hand(self, mirror: Mirror, rows: Sequence[Row]) -> set[Key]:
        """Return the keys whose record was right by the log, in each column that now differs."""
        states = self._states(mirror, [row.record_id for row in rows if row.record_id])
        return {row.key for row in rows if _was_right(states.get(row.record_id), row)}

    def removed_by_hand(self, mirror: Mirror, keys: Sequence[Key]) -> set[Key]:
        """Return the keys that have a record by the log, though none is there."""
        states = self._states(mirror, self._ids_that_had(mirror, keys))
        standing = {state.get(mirror.link) for state in states.values() if _stands(state)}
        return standing & set(keys)

    def linked_by_hand(self, mirror: Mirror, keys: Mapping[UUID, Any]) -> set[UUID]:
        """Return the records, given with their keys, that the log knows with another, or not."""
        states = self._states(mirror, keys)
        return {pk for pk, key in keys.items() if states.get(pk, {}).get(mirror.link) != key}

    def _entries(self, mirror: Mirror) -> QuerySet[ActivityLog]:
        entries = ActivityLog.objects.filter(entity_type=mirror.entity).order_by()
        return entries.filter(created_at__lt=self.until) if self.until else entries

    def _states(self, mirror: Mirror, ids: Iterable[UUID]) -> dict[UUID, State]:
        states: dict[UUID, State] = {}
        entries = self._entries(mirror).filter(entity_id__in=list(ids)).order_by("pk")
        for record_id, changes in entries.values_list("entity_id", "changes"):
            if isinstance(changes, dict):  # unless somebody wrote into the log by hand
                after = {column: pair[1] for column, pair in changes.items()}
                states.setdefault(record_id, {}).update(after)
        return states

    def _ids_that_had(self, mirror: Mirror, keys: Sequence[Key]) -> list[UUID]:
        """Return the ids of records that have, or had, one of these keys as their link."""
        if not keys:
            return []
        if mirror.has_lasting_id:
            return [mirror.lasting_id(key) for key in keys]
        linked = self._entries(mirror).filter(**{f"changes__{mirror.link}__1__in": list(keys)})
        ids = set(linked.values_list("entity_id", flat=True))
        return list(ids - self._absorbed(mirror, ids))

    def _absorbed(self, mirror: Mirror, ids: set[UUID]) -> set[UUID]:
        """Return those that went into another contact, as the log of that one says."""
        if not ids:
            return set()
        merged = self._entries(mirror).filter(
            activity_type=ActivityType.MERGED,
            changes__absorbed__0__id__in=[str(each) for each in ids],
        )
        return {UUID(each) for each in merged.values_list("changes__absorbed__0__id", flat=True)}


def _was_right(state: State | None, row: Row) -> bool:
    """A record without any entry was put there by hand: the mirror logs what it creates."""
    return state is None or all(
        column in state and _says(state[column], right)
        for column, (_, right) in row.changes.items()
    )


def _stands(state: State) -> bool:
    return not state.get("source_deleted_at")


def _says(logged: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        return isinstance(logged, str) and parse_datetime(logged) == value
    if isinstance(value, (date, UUID)):
        return bool(logged == str(value))
    return bool(logged == value)
