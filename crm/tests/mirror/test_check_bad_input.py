"""A check that cannot be made, or is stopped: one clear sentence, the right code, nothing lost."""

import signal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from crm.models import ActivityLog, PropertyRecord, SyncCheck, SyncFailure
from crm.proof import check, mending
from crm.proof.check import compare_all, count
from listings.models import Property
from listings.tests.factories import PropertyFactory


def failing(*command) -> CommandError:
    with pytest.raises(CommandError) as failed:
        call_command(*command)
    return failed.value


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "command",
    [
        ["crm_check"],
        ["crm_check", "--repair"],
        ["crm_check", "--dry-run"],
        ["crm_check", "--json"],
        ["crm_stats"],
        ["crm_stats", "--json"],
    ],
    ids=" ".join,
)
def test_a_table_that_is_missing_is_named_with_the_way_to_get_it(command):
    with connection.schema_editor() as editor:
        editor.alter_db_table(PropertyRecord, "crm_properties", "crm_properties_away")
    try:
        failed = failing(*command)
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(PropertyRecord, "crm_properties_away", "crm_properties")

    assert failed.returncode == 2
    assert "Run `manage.py migrate` first." in str(failed)
    assert "crm_properties" in str(failed)
    assert "\n" not in str(failed)


@pytest.mark.django_db
class TestCtrlC:
    def test_while_comparing(self, monkeypatch):
        monkeypatch.setattr(check, "compare", self.interrupt)

        failed = failing("crm_check", "--repair")

        assert (failed.returncode, str(failed)) == (130, "Stopped. No record was changed.")
        assert not SyncCheck.objects.exists()

    def test_while_repairing_keeps_what_is_done_and_nothing_half(self, monkeypatch):
        PropertyFactory.create_batch(7)
        Property.objects.update(bedrooms=9)
        entries = ActivityLog.objects.count()
        monkeypatch.setattr(mending, "FEW", 3)
        self.interrupt_after(2, monkeypatch)

        failed = failing("crm_check", "--repair")

        assert failed.returncode == 130
        assert "6 of 7 differences were repaired, and stay so" in str(failed)
        assert count(compare_all()) == 1
        assert ActivityLog.objects.count() == entries + 6
        assert not SyncCheck.objects.exists()

    def test_the_same_command_goes_on_with_the_rest(self, monkeypatch):
        PropertyFactory.create_batch(7)
        Property.objects.update(bedrooms=9)
        with monkeypatch.context() as patch:
            patch.setattr(mending, "FEW", 3)
            self.interrupt_after(1, patch)
            failing("crm_check", "--repair")

        call_command("crm_check", "--repair")

        assert SyncCheck.objects.get().found == 4
        assert count(compare_all()) == 0

    def interrupt_after(self, batches, monkeypatch):
        write, calls = mending._write, []

        def write_some(*args):
            calls.append(args)
            write(*args)
            if len(calls) > batches:
                raise KeyboardInterrupt  # in the middle: written, and not yet committed
            return mending.Outcome()

        monkeypatch.setattr(mending, "_write", write_some)

    def interrupt(self, *args):
        raise KeyboardInterrupt


@pytest.mark.django_db
def test_a_record_that_cannot_be_written_stops_no_other(monkeypatch, capsys):
    houses = PropertyFactory.create_batch(5)
    Property.objects.update(bedrooms=9)
    write = mending._write

    def write_but_one(differences, now):
        if any(each.key == houses[2].pk for each in differences):
            raise ValueError("poison")
        return write(differences, now)

    monkeypatch.setattr(mending, "_write", write_but_one)

    failed = failing("crm_check", "--repair")

    assert (failed.returncode, str(failed)) == (1, "1 record differs from its source.")
    assert "failed 1." in capsys.readouterr().out
    assert SyncFailure.objects.get().source_key == f"properties:{houses[2].pk}"
    assert PropertyRecord.objects.filter(bedrooms=9).count() == 4


@pytest.mark.django_db
def test_an_unknown_option_is_refused():
    with pytest.raises(CommandError, match="unrecognized arguments: --mend"):
        call_command("crm_check", "--mend")


@pytest.mark.django_db
def test_the_first_signal_lets_the_batch_at_hand_be_finished(monkeypatch):
    PropertyFactory.create_batch(7)
    Property.objects.update(bedrooms=9)
    monkeypatch.setattr(mending, "FEW", 3)
    write = mending._write

    def write_and_be_stopped(*args):
        signal.raise_signal(signal.SIGINT)
        return write(*args)

    monkeypatch.setattr(mending, "_write", write_and_be_stopped)

    failed = failing("crm_check", "--repair")

    assert failed.returncode == 130
    assert "3 of 7 differences were repaired" in str(failed)
    assert count(compare_all()) == 4


@pytest.mark.django_db
def test_a_name_that_a_terminal_would_obey_is_spelt_out_and_cut(capsys):
    PropertyFactory()
    Property.objects.update(title=f"\x1b[2J{'x' * 100}")

    failing("crm_check", "--dry-run")

    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert f"<U+001B>[2J{'x' * 56}... (properties" in said
    assert "Dry run: nothing was written or repaired." in said
