"""What let records drift from their sources: worked out for many at once, from what is on file."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from crm.mirror import Mirror
from crm.mirror.rows import Key, Row
from crm.models import ActivityLog, Cause, SyncFailure
from crm.models.base import Record


def causes_of_rows(mirror: Mirror, rows: Sequence[Row]) -> dict[Key, Cause]:
    """Name the cause for sources whose record is missing or differs."""
    failed = failed_keys(mirror, [row.key for row in rows])
    logged = last_logged(mirror, [row.record_id for row in rows if row.record_id])
    return {
        row.key: Cause.FAILED_SYNC
        if row.key in failed
        else Cause.RECORD_WRITTEN
        if row.record_id and _was_right(row, logged.get(row.record_id, {}))
        else Cause.RAW_WRITE
        for row in rows
    }


def causes_of_orphans(mirror: Mirror, records: Sequence[Record]) -> dict[UUID, Cause]:
    """Name the cause for records whose source is gone."""
    link = mirror.record._meta.get_field(mirror.link).attname
    failed = failed_keys(mirror, [getattr(record, link) for record in records])
    logged = last_logged(mirror, [record.pk for record in records])
    return {
        record.pk: Cause.FAILED_SYNC
        if getattr(record, link) in failed
        else Cause.RAW_WRITE
        if logged.get(record.pk, {}).get(mirror.link) == getattr(record, link)
        else Cause.RECORD_WRITTEN
        for record in records
    }


def failed_keys(mirror: Mirror, keys: Iterable[Key]) -> set[Key]:
    """Return those of the keys whose last sync failed, and has not been mended since."""
    names = {f"{mirror.name}:{key}": key for key in keys}
    failures = SyncFailure.objects.open().filter(source_key__in=names)
    return {names[name] for name in failures.values_list("source_key", flat=True)}


def last_logged(mirror: Mirror, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return what the log last said of each column of these records, as JSON has it."""
    state: dict[UUID, dict[str, Any]] = {}
    entries = ActivityLog.objects.filter(entity_type=mirror.entity, entity_id__in=ids)
    for record_id, changes in entries.order_by("pk").values_list("entity_id", "changes"):
        after = {column: pair[1] for column, pair in changes.items()}
        state.setdefault(record_id, {}).update(after)
    return state


def _was_right(row: Row, logged: dict[str, Any]) -> bool:
    """Whether the log says that the record once had what the source says now."""
    return all(
        column in logged and _says(logged[column], right)
        for column, (_, right) in row.changes.items()
    )


def _says(logged: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        return isinstance(logged, str) and parse_datetime(logged) == value
    if isinstance(value, (date, UUID)):
        return bool(logged == str(value))
    return bool(logged == value)
