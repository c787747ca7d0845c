"""Backfill, check and repair at size: `python -m benchmarks.mirror_at_size [houses]`.

The floor of the backfill is one INSERT ... SELECT ... ON CONFLICT of the same rows, without the
log entries that a backfill also writes.
"""

import resource
import sys
import time
from collections.abc import Callable

from benchmarks.database import fresh_database

BATCH = 5_000


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    houses = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with fresh_database():
        measure(houses)


def measure(houses: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from accounts.tests.factories import OwnerFactory
    from crm.backfill import batches, sync_batch
    from crm.check import compare, repair
    from crm.mirror import MIRRORS
    from crm.models import Entity, PropertyRecord
    from listings.models import Property
    from listings.tests.factories import PropertyFactory

    mirror = MIRRORS["properties"]
    owner = OwnerFactory()

    def fill() -> None:
        for start in range(0, houses, BATCH):
            Property.objects.bulk_create(
                PropertyFactory.build(owner=owner, slug=f"house-{number}")
                for number in range(start, min(start + BATCH, houses))
            )

    def floor() -> None:
        statement = mirror._statement
        copy = connection.ops.compose_sql(
            f"WITH {statement._stale} {statement._upsert}", statement._constants
        )
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE floor (bigint[], boolean, timestamptz, text) AS {copy}")
            cursor.execute("EXECUTE floor (%s, true, now(), '')", [mirror.keys()])

    def backfill() -> None:
        for keys in batches(mirror, BATCH):
            sync_batch(mirror, keys, now=timezone.now())

    def plant_drift() -> None:
        every = max(1, houses // 1_000)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE listings_property SET bedrooms = 99 WHERE id %% %s = 0", [3 * every]
            )
            cursor.execute("DELETE FROM crm_properties WHERE property_id %% %s = 1", [3 * every])
            cursor.execute("DELETE FROM listings_property WHERE id %% %s = 2", [3 * every])

    print(f"{houses:,} houses (made in {timed(fill):.0f} s)")
    floor_seconds = timed(floor)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE crm_properties CASCADE")
    backfill_seconds = timed(backfill)
    print(f"one INSERT ... SELECT     {floor_seconds:8.2f} s")
    print(f"backfill with its log     {backfill_seconds:8.2f} s")
    print(f"ratio                     {backfill_seconds / floor_seconds:8.2f}")
    plant_drift()
    began = time.perf_counter()
    found = compare(Entity.PROPERTIES)
    check_seconds = time.perf_counter() - began
    repair_seconds = timed(lambda: repair(Entity.PROPERTIES, now=timezone.now()))
    print(f"check, {found.differences} differences {check_seconds:8.2f} s")
    print(f"repair                    {repair_seconds:8.2f} s")
    print(f"differences afterwards    {compare(Entity.PROPERTIES).differences:8}")
    print(f"records                   {PropertyRecord.objects.count():8}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at the most        {memory:8.0f} MB")


if __name__ == "__main__":
    main()
