"""A broken CRM costs nothing but a visible failure: the main write always stands."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from crm.mirror import MIRRORS
from crm.models import ActivityLog, PropertyRecord, SyncFailure
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory


class Fault:
    """crm_properties is not where it should be: every write to it fails in the database itself."""

    def __init__(self):
        self.table = PropertyRecord._meta.db_table
        self._rename(self.table, f"{self.table}_away")
        self.present = True

    def end(self):
        if self.present:
            self._rename(f"{self.table}_away", self.table)
            self.present = False

    def _rename(self, old, new):
        with connection.schema_editor() as editor:
            editor.alter_db_table(PropertyRecord, old, new)


@pytest.fixture
def broken_records(db):
    fault = Fault()
    yield fault
    fault.end()


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_house_is_saved_though_its_record_cannot_be(broken_records):
    with transaction.atomic():  # as in the admin and in a webhook
        house = PropertyFactory(title="Kept Hall")
        still_usable = Property.objects.count()

    assert still_usable == 1
    assert Property.objects.get(pk=house.pk).title == "Kept Hall"
    failure = SyncFailure.objects.get()
    assert failure.source_key == f"properties:{house.pk}"
    assert failure.next_retry_at is not None


def test_a_second_failure_counts_on_the_same_row(broken_records):
    house = PropertyFactory()

    house.save()

    assert SyncFailure.objects.get().attempts == 2


class TestRetry:
    def test_what_failed_is_settled_once_the_fault_is_gone(self, broken_records):
        house = PropertyFactory()
        broken_records.end()

        call_command("crm_retry", "--all")

        failure = SyncFailure.objects.get()
        assert (failure.resolved_by, failure.next_retry_at) == ("system:crm_retry", None)
        assert PropertyRecord.objects.filter(property=house).exists()

    def test_what_still_fails_waits_longer_each_time(self, broken_records):
        PropertyFactory()
        first_wait = waiting_time(SyncFailure.objects.get())

        with pytest.raises(CommandError, match="still cannot be written"):
            call_command("crm_retry", "--all")

        failure = SyncFailure.objects.get()
        assert failure.attempts == 2
        assert waiting_time(failure) > first_wait

    def test_only_what_is_due_is_tried(self, broken_records):
        PropertyFactory()

        call_command("crm_retry")

        assert SyncFailure.objects.get().attempts == 1

    def test_one_poisoned_row_does_not_block_the_others(self, monkeypatch):
        poisoned, other = PropertyFactory.create_batch(2)
        for house in (poisoned, other):
            SyncFailure.objects.create(
                entity_type="properties", source_key=f"properties:{house.pk}", message="Once"
            )
        statement = MIRRORS["properties"]._statement
        run = statement.run

        def fail_on_poison(keys, **options):
            if poisoned.pk in keys:
                raise ValueError("poison")
            return run(keys, **options)

        monkeypatch.setattr(statement, "run", fail_on_poison)

        with pytest.raises(CommandError):
            call_command("crm_retry", "--all")

        assert SyncFailure.objects.open().get().source_key == f"properties:{poisoned.pk}"

    def test_a_key_that_means_nothing_stays_open(self):
        SyncFailure.objects.create(
            entity_type="properties", source_key="castles:1", message="From an older version"
        )

        with pytest.raises(CommandError, match="still cannot be written"):
            call_command("crm_retry", "--all")

        assert SyncFailure.objects.get().attempts == 2

    def test_a_repair_closes_the_failures_that_it_mends(self, broken_records):
        PropertyFactory()
        broken_records.end()

        call_command("crm_check", "--repair")

        assert not SyncFailure.objects.open().exists()


def waiting_time(failure):
    return failure.next_retry_at - failure.updated_at


def test_a_house_is_deleted_though_its_record_cannot_be_marked(broken_records):
    house = PropertyFactory()

    house.delete()

    assert not Property.objects.exists()


def test_an_enquiry_is_kept_though_a_house_has_no_record(broken_records):
    EnquiryFactory()

    assert Enquiry.objects.count() == 1


def test_the_backfill_heals_what_failed():
    house = PropertyFactory(bedrooms=4)
    PropertyRecord.objects.all().delete()
    Property.objects.update(bedrooms=5)  # no signal sees this

    call_command("crm_backfill", "properties")

    assert PropertyRecord.objects.get(property=house).bedrooms == 5


def test_one_bad_row_stops_neither_the_backfill_nor_its_neighbours(monkeypatch, capsys):
    good, bad, also_good = PropertyFactory.create_batch(3)
    PropertyRecord.objects.all().delete()
    statement = MIRRORS["properties"]._statement
    run = statement.run

    def run_but_one(keys, **options):
        if bad.pk in keys:
            raise ValueError("too long")
        return run(keys, **options)

    monkeypatch.setattr(statement, "run", run_but_one)

    with pytest.raises(Exception, match="1 record could not be written"):
        call_command("crm_backfill", "properties")

    written = set(PropertyRecord.objects.values_list("property", flat=True))
    assert written == {good.pk, also_good.pk}
    assert "created 2, updated 0, unchanged 0, failed 1" in capsys.readouterr().out


def test_a_second_backfill_reports_only_unchanged(capsys):
    EnquiryFactory()
    call_command("crm_backfill")
    entries = ActivityLog.objects.count()
    capsys.readouterr()

    call_command("crm_backfill")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all("created 0, updated 0, unchanged" in line for line in lines)
    assert ActivityLog.objects.count() == entries


def test_a_dry_run_counts_and_writes_nothing(capsys):
    PropertyFactory()
    PropertyRecord.objects.all().delete()

    call_command("crm_backfill", "properties", "--dry-run")

    assert "created 1" in capsys.readouterr().out
    assert not PropertyRecord.objects.exists()
