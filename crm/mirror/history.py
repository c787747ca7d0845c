"""Log entries that a SyncStatement does not write: deletions, and contacts that are joined."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accounts.actor import current_actor
from crm.models.activity import ActivityLog, ActivityType, Cause, Entity
from crm.models.base import Record

if TYPE_CHECKING:
    from crm.mirror.base import Mirror

TITLE_LENGTH = ActivityLog._meta.get_field("title").max_length
ROUTINE = "routine"  # the outcome of an entry that no person needs to read

_cause: ContextVar[Cause | str] = ContextVar("cause", default="")


def cause_of_repair() -> str:
    return str(_cause.get())


@contextmanager
def mending(cause: Cause) -> Iterator[None]:
    """Write down, with all that is logged inside, what let the records drift."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


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
        title=title[:TITLE_LENGTH],
        actor=actor.name,
        origin=actor.origin,
        cause=cause_of_repair(),
        created_at=now,
        **fields,
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
    # As text: JSON would cut the microseconds, and the log would not give the record again.
    changes: dict[str, list[Any]] = {"source_deleted_at": [None, now.isoformat()]}
    if mirror.record._meta.get_field(mirror.link).is_relation:
        changes[mirror.link] = [getattr(record, f"{mirror.link}_id"), None]
    return changes
