"""Notes of writes that sent no signal: they let a check say where a drift came from."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from accounts.actor import current_actor
from crm.failures import MainWriteLost
from crm.mirror.patience import short_patience
from crm.models import BulkWrite

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)


def note_bulk_write(
    model: type[Model],
    *,
    method: str,
    columns: list[str],
    keys: list[Any] | None,
    rows: int,
    now: datetime,
) -> None:
    """Note it inside a savepoint: a broken CRM must not undo what was written."""
    actor = current_actor()
    try:
        with transaction.atomic(), short_patience():
            BulkWrite.objects.create(
                model=model._meta.label_lower,
                method=method,
                columns=columns,
                keys=keys,
                rows=rows,
                actor=actor.name,
                origin=actor.origin,
                created_at=now,
            )
    except Exception as error:
        if connection.needs_rollback:
            raise MainWriteLost from error
        logger.exception("A bulk write of %s could not be noted.", model._meta.label_lower)


def forget_old(*, now: datetime) -> None:
    BulkWrite.objects.filter(created_at__lt=now - KEPT).delete()
