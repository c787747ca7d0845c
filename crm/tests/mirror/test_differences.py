"""Each difference that stands is named: who, which column, which value on which side, and why."""

import uuid

import pytest
from django.utils import timezone

from billing.tests.factories import MembershipFactory
from crm.models import ActivityLog, Cause, Entity, PropertyRecord
from crm.proof.differences import AT_REPAIR, Kind, differences, find, repair_one
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


def test_equal_records_yield_nothing():
    house = PropertyFactory(live=True)
    EnquiryFactory(property=house)
    MembershipFactory(owner=house.owner, property=house)

    assert [each for entity in Entity for each in differences(entity)] == []


def test_a_changed_source_is_told_column_by_column():
    house = PropertyFactory(title="Hill House", bedrooms=4)
    Property.objects.filter(pk=house.pk).update(bedrooms=9, weekend_price_pence=1)

    (found,) = differences(Entity.PROPERTIES)

    assert (found.kind, found.key, found.called) == (Kind.CHANGED, house.pk, "Hill House")
    assert found.record_id == house.crm_record.pk
    assert found.changes == {
        "bedrooms": (4, 9),
        "price_pence": (house.weekend_price_pence, 1),
    }


def test_a_missing_record_is_told_with_all_its_columns():
    PropertyFactory(title="Hill House")
    PropertyRecord.objects.all().delete()

    (found,) = differences(Entity.PROPERTIES)

    assert (found.kind, found.record_id, found.called) == (Kind.MISSING, None, "Hill House")
    assert found.changes["title"] == (None, "Hill House")


def test_an_orphan_is_told_with_what_its_tombstone_will_say():
    house = PropertyFactory(title="Hill House")
    record = house.crm_record
    Property.objects.filter(pk=house.pk)._raw_delete("default")

    (found,) = differences(Entity.PROPERTIES)

    assert (found.kind, found.key, found.called) == (Kind.ORPHANED, house.pk, "Hill House")
    assert found.record_id == record.pk
    assert found.changes == {
        "property": (house.pk, None),
        "source_deleted_at": (None, AT_REPAIR),
    }


def test_a_page_of_them_is_a_slice_of_all():
    houses = PropertyFactory.create_batch(7)
    Property.objects.filter(pk__in=[house.pk for house in houses[:3]]).update(bedrooms=9)
    PropertyRecord.objects.filter(property__in=houses[3:5]).delete()
    for house in houses[5:]:
        Property.objects.filter(pk=house.pk)._raw_delete("default")

    everything = list(differences(Entity.PROPERTIES))

    assert len(everything) == 7
    for offset in range(8):
        page = differences(Entity.PROPERTIES, limit=3, offset=offset)
        assert list(page) == everything[offset : offset + 3]
    assert list(differences(Entity.PROPERTIES, Kind.CHANGED, offset=1)) == everything[3:5]


def test_a_page_costs_no_more_with_more_differences(django_assert_num_queries):
    PropertyFactory.create_batch(12)
    Property.objects.filter(pk__in=Property.objects.values("pk")[:2]).update(bedrooms=9)
    # The keys, the rows; open failures, the log, the last proof, bulk writes and their houses.
    with django_assert_num_queries(7):
        assert len(list(differences(Entity.PROPERTIES, Kind.CHANGED))) == 2

    Property.objects.update(bedrooms=9)

    with django_assert_num_queries(7):
        assert len(list(differences(Entity.PROPERTIES, Kind.CHANGED))) == 12


class TestRepairOfOne:
    def test_a_changed_record_becomes_equal_and_the_log_says_why_it_was_not(self):
        house = PropertyFactory(bedrooms=4)
        PropertyRecord.objects.update(bedrooms=9)
        now = timezone.now()

        outcome = repair_one("properties", house.pk, now=now)

        entry = ActivityLog.objects.latest("pk")
        assert outcome.updated == 1
        assert PropertyRecord.objects.get().bedrooms == 4
        assert (entry.cause, entry.created_at) == (Cause.RECORD_WRITTEN, now)
        assert entry.changes == {"bedrooms": [9, 4]}

    def test_an_orphan_gets_its_tombstone(self):
        house = PropertyFactory()
        Property.objects.filter(pk=house.pk)._raw_delete("default")

        assert repair_one("properties", house.pk, now=timezone.now()).deleted == 1
        assert not list(differences(Entity.PROPERTIES))

    def test_a_record_without_a_link_goes_by_its_own_id(self):
        PropertyFactory()
        record = PropertyRecord.objects.get()
        PropertyRecord.objects.update(property=None)

        (orphan,) = differences(Entity.PROPERTIES, Kind.ORPHANED)

        assert orphan.key == str(record.pk)
        assert find("properties", orphan.key) == orphan
        assert repair_one("properties", orphan.key, now=timezone.now()).deleted == 1

    def test_what_is_equal_stays_as_it_is(self):
        house = PropertyFactory()
        entries = ActivityLog.objects.count()

        assert repair_one("properties", house.pk, now=timezone.now()).unchanged == 1
        assert ActivityLog.objects.count() == entries

    @pytest.mark.parametrize("key", ["no-key", 0, "9" * 40, 10**40, "", str(uuid.uuid4())])
    def test_a_key_of_nothing_has_no_difference(self, key):
        assert find("properties", key) is None
