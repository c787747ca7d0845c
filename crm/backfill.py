"""Write the records of sources that no signal announced: all of them, batch by batch."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from crm.failures import record_failure
from crm.mirror import Mirror, Outcome
from crm.mirror.rows import Found, Key, Row


def batches(mirror: Mirror, size: int) -> Iterator[list[Key]]:
    """Walk through all keys of a source in order, `size` at a time, in flat memory."""
    keys = mirror.keys(limit=size)
    while keys:
        yield keys
        keys = mirror.keys(after=keys[-1], limit=size)


def sync_batch(mirror: Mirror, keys: list[Key], *, now: datetime) -> Outcome:
    """Sync a batch in one transaction; if that fails, one by one: a bad row stops no other."""
    try:
        with transaction.atomic():
            return mirror.sync(keys, now=now)
    except Exception as error:
        if len(keys) == 1:
            record_failure(mirror.name, keys[0], error, now=now)
            return Outcome(failed=1)
    return sum((sync_batch(mirror, [key], now=now) for key in keys), start=Outcome())


def preview_batch(mirror: Mirror, keys: list[Key]) -> Outcome:
    """Count what a sync would do, and write nothing."""
    found = {row.key: _found(row) for row in mirror.rows(keys)}
    return Outcome.of(found)


def _found(row: Row) -> Found:
    if row.record_id is None:
        return Found.CREATED
    return Found.UPDATED if row.changes else Found.UNCHANGED
