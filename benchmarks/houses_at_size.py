"""The steps of `mirror_at_size`; those that are measured return seconds."""

import time
from collections.abc import Callable
from functools import wraps

from django.db import connection
from django.utils import timezone

from accounts.tests.factories import OwnerFactory
from crm import check as checks
from crm.backfill import batches, sync_batch
from crm.mirror import MIRRORS
from crm.models import Entity
from listings.models import Property
from listings.tests.factories import PropertyFactory

BATCH = 5_000
MIRROR = MIRRORS["properties"]


def timed(step: Callable[..., object]) -> Callable[..., float]:
    @wraps(step)
    def seconds(*args: int) -> float:
        began = time.perf_counter()
        step(*args)
        return time.perf_counter() - began

    return seconds


@timed
def fill(houses: int) -> None:
    owner = OwnerFactory()
    for start in range(0, houses, BATCH):
        Property.objects.bulk_create(
            PropertyFactory.build(owner=owner, slug=f"house-{number}")
            for number in range(start, min(start + BATCH, houses))
        )


@timed
def floor() -> None:
    statement = MIRROR._statement
    copy = connection.ops.compose_sql(
        f"WITH {statement._stale} {statement._upsert}", statement._constants
    )
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE floor (bigint[], boolean, timestamptz, text) AS {copy}")
        cursor.execute("EXECUTE floor (%s, true, now(), '')", [MIRROR.keys()])


def backfill() -> float:
    """Write all records anew, the floor's copy thrown away first."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE crm_properties CASCADE")
    return _backfill()


@timed
def _backfill() -> None:
    for keys in batches(MIRROR, BATCH):
        sync_batch(MIRROR, keys, now=timezone.now())


def plant_drift(houses: int) -> None:
    """Make about a thousand differences, of all three kinds, past every signal."""
    every = 3 * max(1, houses // 1_000)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE listings_property SET bedrooms = 99 WHERE id %% %s = 0", [every])
        cursor.execute("DELETE FROM crm_properties WHERE property_id %% %s = 1", [every])
        cursor.execute("DELETE FROM listings_property WHERE id %% %s = 2", [every])


def differences() -> int:
    return checks.compare(Entity.PROPERTIES).differences


check = timed(differences)


@timed
def repair() -> None:
    checks.repair(Entity.PROPERTIES, now=timezone.now())
