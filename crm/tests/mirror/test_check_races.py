"""Checks and repairs while others write, and while others repair."""

import threading
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from crm.models import ActivityLog, SyncCheck, SyncFailure
from crm.proof.check import Progress, compare_all, count, run_repair
from crm.tests.mirror import drift
from listings.models import Property
from listings.tests.factories import EnquiryFactory

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 60


def run_together(*actions) -> None:
    failed = []

    def guarded(action) -> None:
        try:
            action()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert failed == []
    assert not any(thread.is_alive() for thread in threads)


def test_two_repairs_at_once_log_each_change_once():
    drift.plant(drift.open_business(9))
    at_once = threading.Barrier(2)

    def repair() -> None:
        at_once.wait()
        run_repair(now=timezone.now(), progress=Progress())

    run_together(repair, repair)

    changes = ActivityLog.objects.exclude(cause="").values_list("entity_id", "changes")
    written = Counter((entity, str(sorted(pairs.items()))) for entity, pairs in changes)
    assert [each for each, times in written.items() if times > 1] == []
    assert list(SyncCheck.objects.values_list("differences", flat=True)) == [0, 0]
    assert not SyncFailure.objects.exists()


def test_what_is_being_saved_is_no_difference():
    business = drift.open_business(9)
    saved = threading.Event()
    found = []

    def save() -> None:
        for number in range(12):
            house = Property.objects.get(pk=business.houses[number % 8].pk)
            house.bedrooms = number + 1
            house.save()
            EnquiryFactory(property=house).delete()
        saved.set()

    def check() -> None:
        while not saved.is_set():
            found.append(count(compare_all()))

    run_together(save, check)

    assert set(found) == {0}
