"""Writing what differs: in batches, and in ever smaller parts where a batch cannot be written."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

from crm import reasons
from crm.backfill import HOPELESS
from crm.failures import record_failure
from crm.mirror import MIRRORS, Outcome
from crm.mirror.history import mending
from crm.mirror.statement import FEW
from crm.models import Cause
from crm.proof.unreadable import UNREADABLE, CannotBeRead, empty_unreadable, is_unreadable, mend_ids

if TYPE_CHECKING:
    from crm.proof.differences import Difference

logger = logging.getLogger(__name__)

# A record that somebody holds is the matter of that record; the others can be written meanwhile.
BROKEN = HOPELESS - {reasons.HELD}


def mend(
    differences: Sequence["Difference"],
    *,
    now: datetime,
    tell: Callable[[int, Outcome], None] = lambda done, outcome: None,
) -> Outcome:
    """Make records equal, all of one mirror and kind, and log with each why it was not.

    A record that cannot be written becomes a SyncFailure and stops no other. In batches small
    enough to lock these records alone: others are saved meanwhile. `tell` hears of each batch.
    """
    by_cause: dict[Cause, list[Difference]] = {}
    for difference in _with_proper_ids(differences, now):
        by_cause.setdefault(difference.cause, []).append(difference)
    outcome = Outcome()
    for cause, alike in by_cause.items():
        with mending(cause):
            for start in range(0, len(alike), FEW):
                batch = alike[start : start + FEW]
                written = _in_parts(batch, now)
                tell(len(batch), written)
                outcome += written
    return outcome


def _with_proper_ids(differences: Sequence["Difference"], now: datetime) -> list["Difference"]:
    """Give records an id first where theirs cannot be read."""
    if not any("id" in each.changes for each in differences):
        return list(differences)
    new = mend_ids(MIRRORS[differences[0].mirror], now)
    return [
        replace(each, record_id=new.get(each.improper_id, each.record_id)) for each in differences
    ]


def _in_parts(differences: Sequence["Difference"], now: datetime) -> Outcome:
    try:
        with transaction.atomic():
            return _write(differences, now)
    except Exception as error:
        if _is_broken(error):
            raise
        if len(differences) == 1:
            return _write_alone(differences[0], error, now)
    middle = len(differences) // 2
    return _in_parts(differences[:middle], now) + _in_parts(differences[middle:], now)


def _write_alone(difference: "Difference", error: Exception, now: datetime) -> Outcome:
    """Try once more without what cannot be read, where that stood in the way."""
    try:
        if not (difference.is_orphan and difference.record_id and is_unreadable(error)):
            raise error
        with transaction.atomic():
            empty_unreadable(MIRRORS[difference.mirror], difference.record_id, now)
            return _write([difference], now)
    except Exception as final:
        if _is_broken(final):
            raise
        if _is_undecodable(difference):  # no next try may do what was refused
            logger.warning("%s", final)
            return Outcome(failed=1)
        record_failure(difference.mirror, difference.key, final, now=now)
        return Outcome(failed=1)


def _write(differences: Sequence["Difference"], now: datetime) -> Outcome:
    mirror = MIRRORS[differences[0].mirror]
    for each in differences:
        if _is_undecodable(each):
            raise CannotBeRead(f"{each.mirror} {each.key} holds bytes that are no text.")
    if not differences[0].is_orphan:
        return mirror.sync([each.key for each in differences], now=now)
    ids = [each.record_id for each in differences]
    return Outcome(deleted=mirror.bury(mirror.orphaned().filter(pk__in=ids), now))


def _is_undecodable(difference: "Difference") -> bool:
    """Whether the log, which is never changed, could not be read with these values in it."""
    values = (str(value) for pair in difference.changes.values() for value in pair)
    return any(value.startswith(UNREADABLE) and "\ufffd" in value for value in values)


def _is_broken(error: Exception) -> bool:
    return reasons.explain(error).splitlines()[0] in BROKEN or not connection.is_usable()
