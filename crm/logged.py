"""What the activity log says that records hold: so it tells what was written past the mirror."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import md5
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from crm.mirror import Mirror
from crm.mirror.rows import Key, Row
from crm.models import ActivityLog, ActivityType

State = dict[str, Any]  # {column: its value after the last entry about it}, as JSON has values


def changed_by_hand(mirror: Mirror, rows: Sequence[Row]) -> set[Key]:
    """Return the keys whose record was right by the log, in each column that now differs."""
    states = _states(mirror, [row.record_id for row in rows if row.record_id])
    return {row.key for row in rows if _was_right(states.get(row.record_id), row)}


def removed_by_hand(mirror: Mirror, keys: Sequence[Key]) -> set[Key]:
    """Return the keys that have a record by the log, though none is there."""
    states = _states(mirror, _ids_that_had(mirror, keys))
    standing = {state.get(mirror.link) for state in states.values() if _stands(state)}
    return standing & set(keys)


def linked_by_hand(mirror: Mirror, keys: Mapping[UUID, Any]) -> set[UUID]:
    """Return the records that the log knows with another link, or not at all."""
    states = _states(mirror, keys)
    return {pk for pk, key in keys.items() if states.get(pk, {}).get(mirror.link) != key}


def _states(mirror: Mirror, ids: Iterable[UUID]) -> dict[UUID, State]:
    states: dict[UUID, State] = {}
    entries = ActivityLog.objects.filter(entity_type=mirror.entity, entity_id__in=list(ids))
    for record_id, changes in entries.order_by("pk").values_list("entity_id", "changes"):
        after = {column: pair[1] for column, pair in changes.items()}
        states.setdefault(record_id, {}).update(after)
    return states


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


def _ids_that_had(mirror: Mirror, keys: Sequence[Key]) -> list[UUID]:
    """Return the ids of records that have, or had, one of these keys as their link."""
    if not keys:
        return []
    if mirror.has_lasting_id:
        return [_lasting_id(mirror, key) for key in keys]
    entries = ActivityLog.objects.filter(entity_type=mirror.entity).order_by()
    linked = entries.filter(**{f"changes__{mirror.link}__1__in": list(keys)})
    ids = set(linked.values_list("entity_id", flat=True))
    return list(ids - _absorbed(mirror, ids))


def _lasting_id(mirror: Mirror, key: Key) -> UUID:
    """As SyncStatement makes it; the digest only spreads names over ids."""
    return UUID(md5(f"{mirror.name}:{key}".encode(), usedforsecurity=False).hexdigest())


def _absorbed(mirror: Mirror, ids: set[UUID]) -> set[UUID]:
    """Return those that went into another contact, as the log of that one says."""
    if not ids:
        return set()
    merged = ActivityLog.objects.filter(
        entity_type=mirror.entity,
        activity_type=ActivityType.MERGED,
        changes__absorbed__0__id__in=[str(each) for each in ids],
    )
    found = merged.order_by().values_list("changes__absorbed__0__id", flat=True)
    return {UUID(each) for each in found}
