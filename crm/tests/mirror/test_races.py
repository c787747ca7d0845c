"""Two writers of one record at once: the record ends as its source does."""

import threading

import pytest
from django.db import connection, transaction

from billing.tests.factories import MembershipFactory, TierFactory
from crm.models import PropertyRecord
from listings.models import Property
from listings.tests.factories import PropertyFactory

PATIENCE_SECONDS = 20


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_began_before_a_change_does_not_undo_it():
    house = PropertyFactory(title="Before")
    membership = MembershipFactory(owner=house.owner, property=house, tier__code="silver")
    gold = TierFactory(code="gold")
    changed, may_commit = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            mine = Property.objects.get(pk=house.pk)
            mine.title = "After"
            mine.save()
            changed.set()
            may_commit.wait(PATIENCE_SECONDS)
        connection.close()

    def upgrade_meanwhile() -> None:
        changed.wait(PATIENCE_SECONDS)
        threading.Timer(0.5, may_commit.set).start()
        membership.tier = gold
        membership.save()
        connection.close()

    run_together(change, upgrade_meanwhile)

    record = PropertyRecord.objects.get()
    assert (record.title, record.plan_tier) == ("After", "gold")


def run_together(*actions) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
