"""What the mirror and its log entry add to a plain save(): `python -m benchmarks.save_cost`.

Both are measured in turn in one run, so the ratio holds on a busy machine too.
"""

import statistics
import time

from benchmarks.database import fresh_database

ROUNDS, SAVES = 10, 100
BAR = 2.2


def main() -> None:
    with fresh_database():
        from django.db.models.signals import post_save

        from crm.receivers import sync_property
        from listings.models import Property
        from listings.tests.factories import PropertyFactory

        house = PropertyFactory()

        def milliseconds_of_a_save() -> float:
            took = []
            for _ in range(SAVES):
                house.bedrooms = house.bedrooms % 20 + 1  # each save changes a mirrored column
                began = time.perf_counter()
                house.save()
                took.append(time.perf_counter() - began)
            return statistics.median(took) * 1000

        plain, mirrored = [], []
        for _ in range(ROUNDS):
            post_save.disconnect(sender=Property, dispatch_uid="crm.sync_property")
            plain.append(milliseconds_of_a_save())
            post_save.connect(
                sync_property, sender=Property, dispatch_uid="crm.sync_property", weak=False
            )
            mirrored.append(milliseconds_of_a_save())

    plain_save, mirrored_save = statistics.median(plain), statistics.median(mirrored)
    print(f"plain save()                {plain_save:7.2f} ms")
    print(f"with mirror and activity    {mirrored_save:7.2f} ms")
    print(f"ratio                       {mirrored_save / plain_save:7.2f}     bar {BAR}")


if __name__ == "__main__":
    main()
