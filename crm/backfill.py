"""Write the records of sources that no signal announced: batch by batch, in flat memory."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction

from accounts.actor import current_actor
from crm import reasons
from crm.failures import record_failure
from crm.mirror import Mirror, Outcome
from crm.mirror.rows import Found, Key, Row
from crm.models import SyncFailure

# What is wrong with the database is not the row's fault, and no other row will fare better.
HOPELESS = {
    reasons.MISSING,
    reasons.HELD,
    reasons.FULL,
    reasons.READ_ONLY,
    reasons.UNREACHABLE,
    reasons.DAMAGED,
}


def batches(mirror: Mirror, size: int, *, since: datetime | None = None) -> Iterator[list[Key]]:
    """Walk through the keys of a source in order, `size` at a time, in flat memory."""
    keys = mirror.keys(since=since, limit=size)
    while keys:
        yield keys
        keys = mirror.keys(since=since, after=keys[-1], limit=size)


def sync_batch(mirror: Mirror, keys: list[Key], *, now: datetime) -> Outcome:
    """Sync a batch in one transaction; if that fails, each half by itself, down to the bad row.

    That one becomes a SyncFailure and stops no other. A database that is broken altogether is
    raised as the DatabaseError that it is.
    """
    try:
        with transaction.atomic():
            outcome = mirror.sync(keys, now=now)
            _close_failures(mirror, keys, now)
            return outcome
    except Exception as error:
        if _is_hopeless(error):
            raise
        if len(keys) == 1:
            record_failure(mirror.name, keys[0], error, now=now)
            return Outcome(failed=1)
    middle = len(keys) // 2
    return sync_batch(mirror, keys[:middle], now=now) + sync_batch(mirror, keys[middle:], now=now)


def _close_failures(mirror: Mirror, keys: list[Key], now: datetime) -> None:
    """Resolve the open failures of sources that have their records now."""
    of_this_kind = SyncFailure.objects.open().filter(entity_type=mirror.entity)
    if of_this_kind.exists():
        names = [f"{mirror.name}:{key}" for key in keys]
        of_this_kind.filter(source_key__in=names).update(
            resolved_at=now, resolved_by=current_actor().name, next_retry_at=None, updated_at=now
        )


def _is_hopeless(error: Exception) -> bool:
    return reasons.explain(error).splitlines()[0] in HOPELESS or not connection.is_usable()


# --- Without writing ------------------------------------------------------------------------------


def preview_batch(mirror: Mirror, keys: list[Key]) -> Outcome:
    """Count what a sync would do, and write nothing."""
    found = {row.key: _found(row) for row in mirror.rows(keys)}
    return Outcome.of(found)


def _found(row: Row) -> Found:
    if row.record_id is None:
        return Found.CREATED
    return Found.UPDATED if row.changes else Found.UNCHANGED
