"""A sync that fails must neither disturb the main write nor be forgotten."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction

from crm.mirror import MIRRORS
from crm.mirror.patience import short_patience
from crm.mirror.rows import Key
from crm.models import SyncFailure
from crm.reasons import explain

logger = logging.getLogger(__name__)

FIRST_RETRY_AFTER = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


class MainWriteLost(OperationalError):
    """The outer transaction went down too: the connection is gone, or SQLite rolled back all of it.

    Carried on with, the main write would be thrown away at its end, and its author told that it was
    saved. An error of its own, because callers handle others: a clash, say, as one of their rows.
    """


def sync_safely(name: str, keys: Iterable[Key], *, now: datetime) -> None:
    """Sync these keys of a mirror inside a savepoint; on an error record it and carry on.

    The savepoint is what saves the main row: without it, an error inside an outer transaction
    would take the whole of it down, caught or not.
    """
    for key in keys:
        try:
            with transaction.atomic():
                MIRRORS[name].sync([key], now=now)
        except Exception as error:
            if connection.needs_rollback:
                raise MainWriteLost from error
            logger.exception("The CRM record of %s %s could not be written.", name, key)
            record_failure(name, key, error, now=now)


def record_failure(name: str, key: Key, error: Exception, *, now: datetime) -> None:
    """Count a failed attempt on the one open SyncFailure of this source row."""
    try:
        with transaction.atomic(), short_patience():
            failure, is_new = SyncFailure.objects.open().get_or_create(
                entity_type=MIRRORS[name].entity,
                source_key=f"{name}:{key}",
                defaults={"message": explain(error), "next_retry_at": now + wait_after(1)},
            )
            if not is_new:
                # Somebody saved the source again. The next try is due as before: only tries wait
                # longer and longer, or a busy day would put the mending off to the next one.
                failure.attempts += 1
                failure.message = explain(error)
                failure.save(update_fields=["attempts", "message", "updated_at"])
    except Exception as another:
        if connection.needs_rollback:
            raise MainWriteLost from another
        # The CRM's tables are gone altogether. The check finds the missing record later.
        logger.exception("The failed sync of %s %s could not be recorded.", name, key)


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: each time twice as long, to a limit."""
    return min(LONGEST_WAIT, FIRST_RETRY_AFTER * 2 ** min(attempts - 1, 10))
