"""A broken CRM costs nothing but a visible failure: the main write always stands."""

import itertools
from datetime import timedelta
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import OwnerFactory
from crm import retrying
from crm.failures import wait_after
from crm.management.commands import crm_retry
from crm.mirror import MIRRORS
from crm.mirror.properties import Properties
from crm.models import ActivityLog, Cause, PropertyRecord, SyncFailure
from crm.retrying import settle_mended
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

    @pytest.mark.parametrize("key", ["castles:1", "properties:x", f"properties:{10**30}", ""])
    @pytest.mark.parametrize("command", [["crm_retry", "--all"], ["crm_check", "--repair"]])
    def test_a_key_that_means_nothing_is_closed_with_the_reason(self, command, key):
        SyncFailure.objects.create(
            entity_type="properties", source_key=key, message="No room.\nError: disk full"
        )

        call_command(*command)

        failure = SyncFailure.objects.get()
        assert failure.resolved_by == f"system:{command[0]}"
        assert failure.message == f"{retrying.NAMES_NOTHING}\nError: disk full"

    def test_a_source_that_is_long_gone_leaves_nothing_to_try(self):
        SyncFailure.objects.create(
            entity_type="properties", source_key="properties:17", message="No.\nError: x"
        )

        call_command("crm_retry", "--all")

        assert not SyncFailure.objects.open().exists()

    def test_what_it_mends_is_logged_with_its_cause(self, broken_records):
        house = PropertyFactory()
        broken_records.end()

        call_command("crm_retry", "--all")

        entry = ActivityLog.objects.get(entity_id=house.crm_record.pk)
        assert (entry.cause, entry.actor) == (Cause.FAILED_SYNC, "system:crm_retry")

    def test_one_that_fails_anew_meanwhile_stays_open(self, monkeypatch):
        house = PropertyFactory()
        failure = failures_of(house)[0]
        sync = Properties.sync

        def sync_while_a_save_fails(mirror, keys, *, now):
            SyncFailure.objects.get().save()  # as record_failure() does
            return sync(mirror, keys, now=now)

        monkeypatch.setattr(Properties, "sync", sync_while_a_save_fails)

        call_command("crm_retry", "--all")

        assert SyncFailure.objects.open().get() == failure

    def test_a_repair_closes_the_failures_that_it_mends(self, broken_records):
        PropertyFactory()
        broken_records.end()

        call_command("crm_check", "--repair")

        assert not SyncFailure.objects.open().exists()

    def test_a_repair_leaves_those_open_that_it_cannot_mend(self, monkeypatch):
        mended, poisoned = PropertyFactory.create_batch(2)
        PropertyRecord.objects.filter(property=poisoned).delete()
        failures_of(mended, poisoned)
        now = timezone.now()

        settle_mended(now=now)

        left = SyncFailure.objects.open().get()
        assert (left.source_key, left.attempts) == (f"properties:{poisoned.pk}", 1)
        assert SyncFailure.objects.get(resolved_at=now).source_key == f"properties:{mended.pk}"


class TestBacklog:
    """The worker stood still for a day."""

    def test_many_are_settled_together(self, django_assert_max_num_queries):
        owner = OwnerFactory()
        houses = [PropertyFactory(owner=owner) for _ in range(120)]
        PropertyRecord.objects.all().delete()
        failures_of(*houses)

        with django_assert_max_num_queries(20):
            call_command("crm_retry")

        assert PropertyRecord.objects.count() == 120
        assert not SyncFailure.objects.open().exists()

    def test_a_run_ends_in_time_with_those_done_that_were_due_longest(self, monkeypatch, capsys):
        houses = PropertyFactory.create_batch(3)
        newest, oldest, middle = failures_of(*houses)
        for hours, failure in enumerate((newest, middle, oldest), start=1):
            failure.next_retry_at = timezone.now() - timedelta(hours=hours)
            failure.save()
        monkeypatch.setattr(retrying, "AT_ONCE", 1)
        seconds = itertools.count(step=7)  # between two looks at the clock
        monkeypatch.setattr(crm_retry, "SECONDS_OF_A_RUN", 40)
        monkeypatch.setattr(retrying, "time", mock.Mock(monotonic=lambda: next(seconds)))

        call_command("crm_retry")

        assert list(SyncFailure.objects.open()) == [newest]
        assert "1 are left for the next run." in capsys.readouterr().out

    def test_what_fails_makes_room_for_the_others_in_the_next_run(self, broken_records):
        PropertyFactory()
        SyncFailure.objects.update(next_retry_at=timezone.now())

        with pytest.raises(CommandError):
            call_command("crm_retry")

        assert not SyncFailure.objects.due(timezone.now()).exists()


def failures_of(*houses):
    """Return failures that have been due for an hour."""
    since = timezone.now() - timedelta(hours=1)
    return [
        SyncFailure.objects.create(
            entity_type="properties",
            source_key=f"properties:{house.pk}",
            message="Once",
            next_retry_at=since,
        )
        for house in houses
    ]


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 360), (99, 360)]
)
def test_each_wait_is_twice_the_last_up_to_six_hours(attempts, minutes):
    assert wait_after(attempts) == timedelta(minutes=minutes)


def test_saving_the_source_again_puts_the_next_try_off_no_further(broken_records):
    house = PropertyFactory()
    due = SyncFailure.objects.get().next_retry_at

    house.save()

    assert SyncFailure.objects.get().next_retry_at == due


def test_a_message_that_the_database_could_not_store_is_stored_without_it(monkeypatch):
    failing = mock.Mock(side_effect=ValueError("bell \x00 and half a pair \ud800"))
    monkeypatch.setattr(MIRRORS["properties"], "sync", failing)

    house = PropertyFactory()

    failure = SyncFailure.objects.get(source_key=f"properties:{house.pk}")
    assert "half a pair ?" in failure.message


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
