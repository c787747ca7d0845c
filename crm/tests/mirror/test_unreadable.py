"""A row that a hand has spoilt in SQLite: shown, mended, and in nobody's way."""

from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from crm.mirror import MIRRORS
from crm.models import ActivityLog, EnquiryRecord, Entity, PropertyRecord, SyncFailure
from crm.proof.check import Progress, compare_all, count, run_repair
from crm.proof.differences import Kind, differences, find, repair_one
from crm.tests.mirror.drift import run_sql
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    """Two enquiries; any database but SQLite refuses what spoils the first."""
    return EnquiryFactory.create_batch(2)


def spoil(sql: str, *values) -> bool:
    """Return whether the database took it: only SQLite takes what its columns cannot hold."""
    if connection.vendor != "sqlite":
        return False
    run_sql("PRAGMA defer_foreign_keys = ON")
    run_sql(sql, *values)
    return True


SPOILT = {
    "date": ("check_in", "2025-13-45"),
    "date otherwise": ("check_in", "2025-1-5"),
    "moment": ("created_at", "2025-99-99 99:99:99"),
    "house": ("property_id", "zzz"),
    "contact": ("contact_id", ""),
}


@pytest.mark.parametrize(("column", "text"), SPOILT.values(), ids=SPOILT)
class TestASpoiltRecord:
    @pytest.fixture(autouse=True)
    def spoilt(self, pair, column, text):
        Enquiry.objects.update(check_in="2025-01-05")
        call_command("crm_check", "--repair", verbosity=0)
        spoil(f"UPDATE crm_enquiries SET {column} = %s WHERE enquiry_id = %s", text, pair[0].pk)
        EnquiryRecord.objects.filter(enquiry=pair[1]).update(guest_name="by hand")

    def test_is_shown_as_the_text_that_stands_there(self, pair, column, text):
        found = {each.key: each for each in differences(Entity.ENQUIRIES)}

        if connection.vendor == "sqlite":
            before = found[pair[0].pk].changes[column.removesuffix("_id")][0]
            assert str(before).endswith(text)
        assert "guest_name" in found[pair[1].pk].changes
        call_command("crm_check", "--repair")  # foreign keys are checked at the end

    def test_is_mended_with_the_others(self, pair, column, text):
        call_command("crm_check", "--repair")

        assert count(compare_all()) == 0
        assert list(EnquiryRecord.objects.all())
        assert not SyncFailure.objects.exists()


IDS = ["xyz", "", "{upper}", "{dashed}"]


@pytest.mark.parametrize("text", IDS)
class TestARecordWhoseIdIsNone:
    @pytest.fixture(autouse=True)
    def spoilt(self, pair, text):
        record = EnquiryRecord.objects.get(enquiry=pair[0])
        improper = text.format(upper=record.pk.hex.upper(), dashed=record.pk)
        spoil("UPDATE crm_enquiries SET id = %s WHERE enquiry_id = %s", improper, pair[0].pk)

    def test_gets_a_proper_one_though_it_equals_its_source(self, pair, text):
        run_repair(now=timezone.now(), progress=Progress())

        record = EnquiryRecord.objects.get(enquiry=pair[0])
        assert record.pk == MIRRORS["enquiries"].lasting_id(pair[0].pk)

    def test_is_described_and_mended_where_it_differs(self, pair, text):
        Enquiry.objects.filter(pk=pair[0].pk).update(group_size=3)

        described = find("enquiries", pair[0].pk)
        outcome = repair_one("enquiries", pair[0].pk, now=timezone.now())

        assert described.kind == Kind.CHANGED
        assert outcome.updated == 1
        assert EnquiryRecord.objects.get(enquiry=pair[0]).group_size == 3
        assert list(ActivityLog.objects.all())

    def test_is_marked_as_deleted_where_it_has_no_source(self, pair, text):
        run_sql("UPDATE crm_enquiries SET enquiry_id = NULL WHERE enquiry_id = %s", pair[0].pk)
        (stray,) = differences(Entity.ENQUIRIES, Kind.ORPHANED)

        outcome = repair_one("enquiries", stray.key, now=timezone.now())

        assert outcome.deleted == 1
        assert not list(differences(Entity.ENQUIRIES, Kind.ORPHANED))
        assert EnquiryRecord.objects.exclude(source_deleted_at=None).count() == 1


@pytest.mark.parametrize("column", ["check_in", "created_at"])
def test_an_orphan_that_cannot_be_read_is_mended_or_named(pair, column):
    of_nothing = {"enquiry": None, "id": UUID(int=7)}
    EnquiryRecord.objects.filter(enquiry=pair[0]).update(**of_nothing)
    is_spoilt = spoil(f"UPDATE crm_enquiries SET {column} = '2025-13-45' WHERE enquiry_id IS NULL")
    PropertyRecord.objects.update(bedrooms=99)

    if is_spoilt and column == "created_at":
        with pytest.raises(CommandError, match="1 record differs"):
            call_command("crm_check", "--repair")
        assert "holds “2025-13-45” in created_at" in SyncFailure.objects.get().message
    else:
        call_command("crm_check", "--repair")

    assert not PropertyRecord.objects.filter(bedrooms=99).exists()


def test_a_spoilt_source_is_copied_and_stops_no_other(pair):
    spoil("UPDATE listings_enquiry SET check_in = '2025-13-45' WHERE id = %s", pair[0].pk)
    Enquiry.objects.filter(pk=pair[1].pk).update(guest_name="Bob")

    call_command("crm_check", "--repair")

    assert EnquiryRecord.objects.defer("check_in").get(enquiry_id=pair[1].pk).guest_name == "Bob"
    assert count(compare_all()) == 0
