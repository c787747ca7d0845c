"""The activity log's lines about mirrored records: what changed, from what to what, by whom."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accounts.actor import current_actor
from crm.models.activity import ActivityLog, ActivityType, Entity
from crm.models.base import Record

if TYPE_CHECKING:
    from crm.mirror.base import Mirror
    from crm.mirror.rows import Row

ROUTINE = "routine"  # the outcome of an entry that no person needs to read


def entry(
    entity: Entity,
    entity_id: uuid.UUID,
    activity_type: ActivityType,
    title: str,
    now: datetime,
    **fields: Any,
) -> ActivityLog:
    actor = current_actor()
    return ActivityLog(
        entity_type=entity,
        entity_id=entity_id,
        activity_type=activity_type,
        title=title[:255],
        actor=actor.name,
        origin=actor.origin,
        created_at=now,
        **fields,
    )


def log_changes(
    mirror: "Mirror", rows: Sequence["Row"], records: Sequence[Record], now: datetime
) -> None:
    ActivityLog.objects.bulk_create(
        _change(mirror, row, record, now) for row, record in zip(rows, records, strict=True)
    )


def log_deletions(mirror: "Mirror", records: Iterable[Record], now: datetime) -> None:
    ActivityLog.objects.bulk_create(
        entry(
            mirror.entity,
            record.pk,
            ActivityType.DELETED,
            f"{mirror.entity.label} deleted: {record}",
            now,
            changes=_tombstone(mirror, record, now),
        )
        for record in records
    )


def _tombstone(mirror: "Mirror", record: Record, now: datetime) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {"source_deleted_at": [None, now]}
    if mirror.record._meta.get_field(mirror.link).is_relation:
        changes[mirror.link] = [getattr(record, f"{mirror.link}_id"), None]
    return changes


def _change(mirror: "Mirror", row: "Row", record: Record, now: datetime) -> ActivityLog:
    activity_type, verb = _kind(mirror, row, record)
    only_routine = row.record_id is not None and set(row.changes) <= mirror.routine
    return entry(
        mirror.entity,
        record.pk,
        activity_type,
        f"{mirror.entity.label} {verb}: {record}",
        now,
        description=_description(mirror, row) if row.record_id else "",
        outcome=ROUTINE if only_routine else "",
        changes={column: list(pair) for column, pair in row.changes.items()},
    )


def _kind(mirror: "Mirror", row: "Row", record: Record) -> tuple[ActivityType, str]:
    if row.record_id is None:
        return ActivityType.CREATED, "created"
    if mirror.status in row.changes:
        return ActivityType.STATUS_CHANGED, _label(record, mirror.status, row.new).lower()
    return ActivityType.UPDATED, "updated"


def _description(mirror: "Mirror", row: "Row") -> str:
    names = [
        str(mirror.record._meta.get_field(column).verbose_name)
        for column in row.changes
        if column not in mirror.routine
    ]
    return f"Changed {', '.join(names)}." if names else ""


def _label(record: Record, column: str, values: dict[str, Any]) -> str:
    return str(dict(record._meta.get_field(column).flatchoices).get(values[column], values[column]))
