"""A sync that fails must neither disturb the main write nor be forgotten."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import IntegerField

from accounts.actor import current_actor
from crm.mirror import MIRRORS
from crm.mirror.rows import Key
from crm.models import SyncFailure

logger = logging.getLogger(__name__)

FIRST_RETRY_AFTER = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


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
            logger.exception("The CRM record of %s %s could not be written.", name, key)
            record_failure(name, key, error, now=now)


def record_failure(name: str, key: Key, error: Exception, *, now: datetime) -> None:
    """Count a failed attempt on the one open SyncFailure of this source row."""
    try:
        with transaction.atomic():
            failure, is_new = SyncFailure.objects.open().get_or_create(
                entity_type=MIRRORS[name].entity,
                source_key=f"{name}:{key}",
                defaults={"message": _sentence(error), "next_retry_at": now + FIRST_RETRY_AFTER},
            )
            if not is_new:
                _count_attempt(failure, error, now)
    except Exception:
        # The CRM's tables are gone altogether. The check finds the missing record later.
        logger.exception("The failed sync of %s %s could not be recorded.", name, key)


def retry(failure: SyncFailure, *, now: datetime) -> bool:
    """Sync the source row again; return whether that settled it. Nothing is raised."""
    name, _, key = failure.source_key.partition(":")
    try:
        mirror = MIRRORS[name]
        is_number = isinstance(mirror.key_field, IntegerField)
        with transaction.atomic():
            mirror.sync([int(key) if is_number else key], now=now)
    except Exception as error:
        logger.warning("The CRM record of %s still cannot be written: %s", failure, error)
        _count_attempt(failure, error, now)
        return False
    failure.resolved_at = now
    failure.resolved_by = current_actor().name
    failure.next_retry_at = None
    failure.save(update_fields=["resolved_at", "resolved_by", "next_retry_at", "updated_at"])
    return True


def _count_attempt(failure: SyncFailure, error: Exception, now: datetime) -> None:
    failure.attempts += 1
    failure.message = _sentence(error)
    failure.next_retry_at = now + min(
        LONGEST_WAIT, FIRST_RETRY_AFTER * 2 ** min(failure.attempts, 10)
    )
    failure.save(update_fields=["attempts", "message", "next_retry_at", "updated_at"])


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip()[:1000]
