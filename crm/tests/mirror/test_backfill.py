"""crm_backfill: what it covers, where it goes on, and what it says when it cannot."""

import os
import signal
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from accounts.london import LONDON
from accounts.models import Owner, User
from billing.tests.factories import MembershipFactory
from crm import backfill_progress
from crm.backfill import sync_batch
from crm.mirror import MIRRORS
from crm.models import (
    BackfillRun,
    Contact,
    EnquiryRecord,
    MembershipRecord,
    PropertyRecord,
    SyncFailure,
)
from crm.tests.mirror.backfilling import kill_in_batch, logged, start, unmirrored
from listings.models import Enquiry, Photo, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=LONDON)
LONG_AGO = NOW - timedelta(days=400)
RECORDS = (MembershipRecord, EnquiryRecord, PropertyRecord, Contact)

pytestmark = pytest.mark.django_db


class PowerCut(Exception):
    pass


def forget_records() -> None:
    for model in RECORDS:
        model.objects.all()._raw_delete(connection.alias)


class TestWhatIsCovered:
    @pytest.mark.parametrize(
        ("what", "contacts", "properties", "enquiries", "memberships"),
        [
            ("owners", 1, 0, 0, 0),
            ("guests", 2, 0, 0, 0),
            ("contacts", 3, 0, 0, 0),
            ("memberships", 1, 1, 0, 1),  # with the owner and the house that it belongs to
            ("enquiries", 3, 1, 2, 0),  # so are these
            ("all", 3, 1, 2, 1),
        ],
    )
    def test_each_word_covers_the_records_it_names(
        self, what, contacts, properties, enquiries, memberships
    ):
        house = PropertyFactory()
        EnquiryFactory.create_batch(2, property=house)
        MembershipFactory(owner=house.owner, property=house)
        forget_records()

        call_command("crm_backfill", what)

        assert [model.objects.count() for model in reversed(RECORDS)] == [
            contacts,
            properties,
            enquiries,
            memberships,
        ]

    def test_a_batch_of_many_costs_as_many_queries_as_one_of_few(self):
        few, many = unmirrored(2), unmirrored(12)

        with CaptureQueriesContext(connection) as for_few:
            sync_batch(MIRRORS["properties"], [house.pk for house in few], now=NOW)
        with CaptureQueriesContext(connection) as for_many:
            sync_batch(MIRRORS["properties"], [house.pk for house in many], now=NOW)

        assert len(for_few) == len(for_many)

    def test_batches_need_not_be_full_of_what_is_due(self):
        """A guest who has become an owner is walked past."""
        owner = PropertyFactory().owner
        for address in ("a@example.com", owner.user.email, "z@example.com"):
            EnquiryFactory(guest_email=address)
        EnquiryRecord.objects.all().delete()
        Contact.objects.filter(is_owner=False).delete()

        call_command("crm_backfill", "guests", "--batch-size=1")

        assert Contact.objects.filter(is_owner=False).count() == 2


class TestSince:
    @pytest.fixture(autouse=True)
    def today(self):
        with time_machine.travel(NOW, tick=False):
            yield

    def backfill_since(self, what: str, since: str = "2026-11-22") -> None:
        call_command("crm_backfill", what, f"--since={since}")

    def test_only_what_was_saved_since_then_is_looked_at(self, capsys):
        old, new = unmirrored(2)
        Property.objects.filter(pk=old.pk).update(updated_at=LONG_AGO)

        self.backfill_since("properties")

        assert PropertyRecord.objects.get().property == new
        assert "created 1, updated 0, unchanged 0, failed 0" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("since", "covered"),
        [
            ("2026-11-22", 1),
            ("2026-11-22T14:02", 1),
            ("2026-11-22T14:01:59Z", 1),
            ("2026-11-22 14:02:00.5+01:00", 1),
        ],
    )
    def test_a_day_or_a_moment_in_london_or_elsewhere(self, since, covered):
        unmirrored(1)

        self.backfill_since("properties", since)

        assert PropertyRecord.objects.count() == covered

    def test_a_london_day_begins_at_midnight_there(self):
        (house,) = unmirrored(1)
        midnight = datetime(2026, 7, 1, tzinfo=LONDON)  # 23:00 in UTC
        Property.objects.filter(pk=house.pk).update(updated_at=midnight)

        self.backfill_since("properties", "2026-07-02")
        nothing = PropertyRecord.objects.count()
        self.backfill_since("properties", "2026-07-01")

        assert (nothing, PropertyRecord.objects.count()) == (0, 1)

    def test_what_keeps_no_time_is_compared(self):
        """The name and the address of an account, and the order of photos."""
        house = PropertyFactory()
        for model in (Owner, Property):
            model.objects.update(updated_at=LONG_AGO)
        User.objects.update(first_name="Renamed", date_joined=LONG_AGO)
        Photo.objects.bulk_create([Photo(property=house)])
        Photo.objects.update(image="photos/new.jpg")

        self.backfill_since("owners")
        self.backfill_since("properties")

        assert Contact.objects.get().first_name == "Renamed"
        assert PropertyRecord.objects.get().main_image == "photos/new.jpg"

    def test_a_house_follows_its_membership(self):
        house = PropertyFactory()
        MembershipFactory(owner=house.owner, property=house, tier__code="gold")
        Property.objects.update(updated_at=LONG_AGO)
        PropertyRecord.objects.update(plan_tier="")

        self.backfill_since("properties")

        assert PropertyRecord.objects.get().plan_tier == "gold"

    def test_a_guest_follows_each_of_the_enquiries(self):
        older, newer = (EnquiryFactory(guest_email="ann@example.com") for _ in range(2))
        Enquiry.objects.filter(pk=newer.pk).update(updated_at=LONG_AGO, guest_phone="")
        Enquiry.objects.filter(pk=older.pk).update(guest_phone="01632 960099")

        self.backfill_since("guests")

        assert Contact.objects.get(email="ann@example.com").phone == "01632 960099"

    @pytest.mark.parametrize(
        ("since", "sentence"),
        [
            ("yesterday", "'yesterday' is neither a day such as 2026-11-20 nor a moment"),
            ("2026-02-30", "is neither a day"),
            ("", "is neither a day"),
            ("2026-11-23", "2026-11-23 lies in the future"),
            ("2026-11-22T14:03", "lies in the future"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, since, sentence):
        with pytest.raises(CommandError, match=sentence):
            self.backfill_since("all", since)


class TestGoingOn:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(NOW, tick=False) as clock:
            yield clock

    def interrupt_after(self, batches: int, monkeypatch, *arguments: str) -> None:
        left = [batches]

        def advance(*args, **options):
            if not left[0]:
                raise PowerCut
            left[0] -= 1
            return backfill_progress.advance(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr("crm.management.commands.crm_backfill.advance", advance)
            with pytest.raises(PowerCut):
                call_command("crm_backfill", *arguments, "--batch-size=2")

    def test_the_same_command_goes_on_where_it_stood(self, monkeypatch, capsys):
        unmirrored(6)
        self.interrupt_after(2, monkeypatch, "properties")

        call_command("crm_backfill", "properties", "--batch-size=2")

        told = capsys.readouterr().out
        assert "Going on: 4 properties were done by 22 Nov 2026 14:02." in told
        assert "created 6, updated 0, unchanged 0, failed 0" in told
        assert logged().count() == 6

    def test_what_it_had_finished_is_not_done_again(self, monkeypatch, capsys):
        EnquiryFactory()
        forget_records()
        self.interrupt_after(3, monkeypatch, "all")  # owners, guests, properties

        call_command("crm_backfill", "--batch-size=2")

        told = capsys.readouterr().out
        assert "contacts     created 2, updated 0, unchanged 0, failed 0" in told
        assert "properties   created 1, updated 0, unchanged 0, failed 0" in told

    def test_after_its_end_it_begins_anew(self, capsys):
        unmirrored(3)
        call_command("crm_backfill", "properties")
        capsys.readouterr()

        call_command("crm_backfill", "properties")

        assert capsys.readouterr().out == (
            "properties   created 0, updated 0, unchanged 3, failed 0\n"
        )

    def test_no_address_is_kept_of_a_finished_one(self):
        EnquiryFactory.create_batch(2)

        call_command("crm_backfill", "guests", "--batch-size=1")

        assert BackfillRun.objects.get().after_key is None

    @pytest.mark.parametrize(
        ("waiting", "options"),
        [
            (timedelta(), ["--restart"]),
            (timedelta(minutes=2), ["--since=2026-11-21"]),
            (timedelta(days=2), []),
        ],
        ids=["told to", "with another --since", "too old"],
    )
    def test_it_begins_anew_where_it_cannot_go_on(
        self, waiting, options, monkeypatch, capsys, clock
    ):
        unmirrored(4)
        self.interrupt_after(1, monkeypatch, "properties")
        clock.shift(waiting)

        call_command("crm_backfill", "properties", *options)

        told = capsys.readouterr().out
        assert "Beginning anew, not where another one stood (2 properties were done" in told
        assert "created 2, updated 0, unchanged 2, failed 0" in told

    def test_another_one_at_work_is_not_disturbed(self, monkeypatch):
        unmirrored(4)
        self.interrupt_after(1, monkeypatch, "properties", "--since=2026-11-21")

        with pytest.raises(CommandError, match="under way, for those saved since 21 Nov 2026"):
            call_command("crm_backfill", "properties")

        assert BackfillRun.objects.get().since is not None

    def test_one_whose_place_was_taken_ends(self, monkeypatch):
        unmirrored(4)

        def taken_over(run, *args, **options):
            BackfillRun.objects.all().delete()
            return backfill_progress.advance(run, *args, **options)

        monkeypatch.setattr("crm.management.commands.crm_backfill.advance", taken_over)

        with pytest.raises(CommandError, match="Somebody has begun this backfill anew"):
            call_command("crm_backfill", "properties")

    def test_a_dry_run_counts_from_the_beginning_and_leaves_no_trace(self, monkeypatch, capsys):
        unmirrored(4)
        self.interrupt_after(1, monkeypatch, "properties")
        (before,) = BackfillRun.objects.values()

        call_command("crm_backfill", "properties", "--dry-run", "--batch-size=3")

        assert "created 2, updated 0, unchanged 2, failed 0" in capsys.readouterr().out
        assert BackfillRun.objects.values().get() == before


class TestStopping:
    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
    )
    def test_a_signal_ends_it_after_the_batch(self, number, code, monkeypatch, capsys):
        unmirrored(6)
        handler = signal.getsignal(number)

        def advance(*args, **options):
            os.kill(os.getpid(), number)
            return backfill_progress.advance(*args, **options)

        monkeypatch.setattr("crm.management.commands.crm_backfill.advance", advance)

        with pytest.raises(SystemExit) as end:
            call_command("crm_backfill", "properties", "--batch-size=2")

        assert end.value.code == code
        assert "Stopped: 2 properties were done by" in capsys.readouterr().err
        assert PropertyRecord.objects.count() == 2
        assert signal.getsignal(number) == handler

    def test_a_second_one_ends_it_at_once(self, monkeypatch, capsys):
        unmirrored(2)

        def advance(*args, **options):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr("crm.management.commands.crm_backfill.advance", advance)

        with pytest.raises(SystemExit) as end:
            call_command("crm_backfill", "properties")

        assert end.value.code == 130
        assert "Stopped within a batch: it is undone" in capsys.readouterr().err


class TestBadRows:
    @pytest.fixture
    def poison(self, monkeypatch):
        """A statement that fails whenever one of the given keys is in it."""
        statement = MIRRORS["properties"]._statement
        run, bad, tries = statement.run, set(), []

        def run_unless_bad(keys, **options):
            tries.append(len(keys))
            if bad.intersection(keys):
                raise ValueError("too long")
            return run(keys, **options)

        monkeypatch.setattr(statement, "run", run_unless_bad)
        return bad, tries

    def test_the_bad_row_is_found_by_halves(self, poison):
        bad, tries = poison
        houses = unmirrored(32)
        bad.add(houses[11].pk)
        tries.clear()

        with pytest.raises(CommandError, match="1 record could not be written"):
            call_command("crm_backfill", "properties")

        assert PropertyRecord.objects.count() == 31
        assert len(tries) == 11  # one of 32, and two of 16, 8, 4, 2 and 1

    def test_a_later_backfill_closes_the_failure(self, poison):
        bad, _ = poison
        houses = unmirrored(3)
        bad.add(houses[1].pk)
        with pytest.raises(CommandError):
            call_command("crm_backfill", "properties")
        bad.clear()

        call_command("crm_backfill", "properties")

        failure = SyncFailure.objects.get()
        assert failure.source_key == f"properties:{houses[1].pk}"
        assert (failure.resolved_by, failure.next_retry_at) == ("system:crm_backfill", None)

    def test_other_failures_stay_open(self):
        unmirrored(1)
        SyncFailure.objects.create(entity_type="contacts", source_key="guests:x", message="?")

        call_command("crm_backfill", "properties")

        assert SyncFailure.objects.open().exists()


class TestBadInput:
    @pytest.mark.parametrize("size", ["0", "-1", "10001", "many", "1.5", ""])
    def test_a_batch_size_that_makes_no_sense_is_refused(self, size):
        with pytest.raises(CommandError, match=f"'{size}' is not a number from 1 to 10,000"):
            call_command("crm_backfill", f"--batch-size={size}")

    def test_an_unknown_word_is_refused_with_those_that_are_known(self):
        with pytest.raises(CommandError, match="invalid choice: 'ownrs'.*'owners'"):
            call_command("crm_backfill", "ownrs")


@pytest.mark.django_db(transaction=True)
class TestBrokenDatabase:
    @pytest.fixture(params=[PropertyRecord, BackfillRun])
    def without_a_table(self, request):
        table = request.param._meta.db_table
        with connection.schema_editor() as editor:
            editor.alter_db_table(request.param, table, f"{table}_away")
        yield
        with connection.schema_editor() as editor:
            editor.alter_db_table(request.param, f"{table}_away", table)

    def test_a_missing_table_is_said_in_a_sentence(self, without_a_table):
        PropertyFactory()

        with pytest.raises(CommandError, match=r"is missing.*Run `manage.py migrate` first"):
            call_command("crm_backfill")

    def test_it_is_no_row_that_failed(self):
        houses = unmirrored(2)
        table = PropertyRecord._meta.db_table

        with connection.schema_editor() as editor:
            editor.alter_db_table(PropertyRecord, table, f"{table}_away")
        try:
            with pytest.raises(DatabaseError):
                sync_batch(MIRRORS["properties"], [house.pk for house in houses], now=NOW)
        finally:
            with connection.schema_editor() as editor:
                editor.alter_db_table(PropertyRecord, f"{table}_away", table)

        assert not SyncFailure.objects.exists()

    def test_a_server_that_cannot_be_reached_is_said_in_a_sentence(self):
        process = start(TEST_DATABASE_URL="postgres://nobody@127.0.0.1:9/none")

        _, complaint = process.communicate(timeout=60)

        assert process.returncode == 1
        assert "The database could not be reached." in complaint
        assert "Traceback" not in complaint


@pytest.mark.django_db(transaction=True)
class TestProcesses:
    @pytest.mark.parametrize("batch", [1, 3])
    def test_killed_in_a_batch_it_goes_on_as_if_it_had_not_been(self, batch, capsys):
        houses = unmirrored(8)

        kill_in_batch(batch, "properties", "--batch-size=2")
        survived = PropertyRecord.objects.count()
        call_command("crm_backfill", "properties", "--batch-size=2")
        first = capsys.readouterr().out
        call_command("crm_backfill", "properties")
        second = capsys.readouterr().out

        assert survived == 2 * (batch - 1)
        assert "created 8, updated 0, unchanged 0, failed 0" in first
        assert "created 0, updated 0, unchanged 8, failed 0" in second
        assert logged().values("entity_id").distinct().count() == logged().count() == len(houses)

    def test_two_at_once_share_the_work(self):
        houses = unmirrored(16)
        both = [start("properties", "--batch-size=1") for _ in range(2)]

        ends = [process.communicate(timeout=60) for process in both]

        assert [process.returncode for process in both] == [0, 0], ends
        assert PropertyRecord.objects.count() == logged().count() == len(houses)
