"""Backfill, check and repair at size: `python -m benchmarks.mirror_at_size [houses]`.

The floor of the backfill is one INSERT ... SELECT ... ON CONFLICT of the same rows, without the
log entries that a backfill also writes.
"""

import resource
import sys

from benchmarks.database import fresh_database


def main() -> None:
    houses = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with fresh_database():
        # Models can be imported only once Django is set up.
        from benchmarks import houses_at_size as measured

        print(f"{houses:,} houses (made in {measured.fill(houses):.0f} s)")
        floor, backfill = measured.floor(), measured.backfill()
        print(f"one INSERT ... SELECT     {floor:8.2f} s")
        print(f"backfill with its log     {backfill:8.2f} s")
        print(f"ratio                     {backfill / floor:8.2f}")
        measured.plant_drift(houses)
        found = measured.differences()
        print(f"check, {found} differences {measured.check():8.2f} s")
        print(f"repair                    {measured.repair():8.2f} s")
        print(f"differences afterwards    {measured.differences():8}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at the most        {memory:8.0f} MB")


if __name__ == "__main__":
    main()
