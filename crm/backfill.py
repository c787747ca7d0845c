"""Write the records of sources that no signal announced: batch by batch, in flat memory."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

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
    reasons.FULL,
    reasons.READ_ONLY,
    reasons.UNREACHABLE,
    reasons.DAMAGED,
}


class Stretch(NamedTuple):
    """A part of a walk through a source: the keys that are due, and the last key walked past."""

    due: list[Key]
    end: Key | None  # None where the source ends


def next_stretch(
    mirror: Mirror, size: int, *, after: Key | None, since: datetime | None
) -> Stretch:
    """Walk on by `size` keys of the source.

    What is due is asked of that stretch alone. Asked for the first `size` that are due, the
    database may go through all that follow, at each step anew.
    """
    beyond = {} if after is None else {f"{mirror.key}__gt": after}
    walked = mirror.source._base_manager.filter(**beyond).order_by(mirror.key)
    ends = walked.values_list(mirror.key, flat=True).distinct()[size - 1 : size]
    end = next(iter(ends), None)
    within = beyond if end is None else {**beyond, f"{mirror.key}__lte": end}
    due = mirror.due(since).filter(**within).order_by(mirror.key)
    return Stretch(list(due.values_list(mirror.key, flat=True)), end)


def batches(mirror: Mirror, size: int, *, since: datetime | None = None) -> Iterator[list[Key]]:
    """Walk through the keys of a source that are due, in order and in flat memory."""
    stretch = next_stretch(mirror, size, after=None, since=since)
    while stretch.end is not None:
        yield stretch.due
        stretch = next_stretch(mirror, size, after=stretch.end, since=since)
    yield stretch.due


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


class Courtesy:
    """Lets others write too, now and then, where a database has one writer at a time.

    Who waits for SQLite's lock looks for it each tenth of a second. A walk whose batches follow
    one another at once never lets go of it for as long as that.
    """

    WORK_SECONDS, REST_SECONDS = 0.5, 0.12

    def __init__(self) -> None:
        self.rested_at = time.monotonic()

    def give_way(self) -> None:
        if connection.vendor == "sqlite" and time.monotonic() - self.rested_at > self.WORK_SECONDS:
            time.sleep(self.REST_SECONDS)
            self.rested_at = time.monotonic()


# --- Without writing ------------------------------------------------------------------------------


def preview_batch(mirror: Mirror, keys: list[Key]) -> Outcome:
    """Count what a sync would do, and write nothing."""
    found = {row.key: _found(row) for row in mirror.rows(keys)}
    return Outcome.of(found)


def _found(row: Row) -> Found:
    if row.record_id is None:
        return Found.CREATED
    return Found.UPDATED if row.changes else Found.UNCHANGED
