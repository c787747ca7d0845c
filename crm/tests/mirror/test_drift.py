"""A check finds all planted drift and nothing else; what it lists is what a repair changes."""

import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from django.utils.dateparse import parse_datetime

from crm.models import ActivityLog, BulkWrite, Contact, Entity, SyncCheck, SyncFailure
from crm.proof.differences import AT_REPAIR, differences
from crm.tests.mirror import drift

pytestmark = pytest.mark.django_db


@pytest.fixture
def planted():
    return drift.plant(drift.open_business())


def check(capsys, *options) -> dict:
    with suppress(CommandError):
        call_command("crm_check", "--json", *options)
    return json.loads(capsys.readouterr().out)


def test_each_planted_difference_is_found_and_nothing_else(planted):
    found = [(d.entity.value, d.kind.value, d.key) for each in Entity for d in differences(each)]

    assert len(found) == len(planted)
    assert set(found) == planted


def test_one_repair_mends_all_and_the_second_does_nothing(planted, capsys):
    first = check(capsys, "--repair")
    entries = ActivityLog.objects.count()
    second = check(capsys, "--repair")

    mended, proof = SyncCheck.objects.order_by("pk")
    assert (mended.found, mended.differences, mended.repaired) == (len(planted), 0, True)
    assert (first["differences"], second["differences"], proof.found) == (0, 0, 0)
    assert ActivityLog.objects.count() == entries
    assert not SyncFailure.objects.exists()


def test_the_entries_of_a_repair_name_it_its_cause_and_its_time(planted):
    call_command("crm_check", "--repair")

    made = SyncCheck.objects.get()
    entries = ActivityLog.objects.filter(created_at=made.started_at)
    assert set(entries.values_list("actor", "origin")) == {("system:crm_check", "repair")}
    assert set(entries.values_list("cause", flat=True)) == {
        "bulk_write",
        "raw_write",
        "record_written",
    }
    assert not ActivityLog.objects.exclude(cause="").exclude(pk__in=entries).exists()


def test_a_dry_run_lists_exactly_what_the_repair_then_logs(planted, capsys):
    listed = check(capsys, "--dry-run")
    before = ActivityLog.objects.latest("pk").pk

    check(capsys, "--repair")

    made = SyncCheck.objects.get()  # the dry run left none
    logged = ActivityLog.objects.filter(pk__gt=before)
    assert as_listed(listed["changes"], made.started_at) == as_logged(logged)


def test_a_dry_run_writes_nothing(planted, capsys):
    entries, notes = ActivityLog.objects.count(), BulkWrite.objects.count()

    listed = check(capsys, "--dry-run", "--repair")

    assert len(listed["changes"]) == listed["differences"] == len(planted)
    assert ActivityLog.objects.count() == entries
    assert BulkWrite.objects.count() == notes
    assert not SyncCheck.objects.exists()
    assert len([each for entity in Entity for each in differences(entity)]) == len(planted)


def as_listed(changes, now) -> set:
    """The lines of a dry run; contacts that it says are to be made, by the id that they got."""
    made = {f"the new record of guests {each.email}": each.pk for each in Contact.objects.all()}
    made |= {f"the new record of owners {each.user_id}": each.pk for each in Contact.objects.all()}
    made |= {AT_REPAIR: now}
    return {
        (each["entity"], each["cause"], column, told(old), told(made.get(str(new), new)))
        for each in changes
        for column, (old, new) in each["changes"].items()
    }


def as_logged(entries) -> set:
    return {
        (entry.entity_type, entry.cause, column, told(old), told(new))
        for entry in entries
        for column, (old, new) in entry.changes.items()
    }


def told(value) -> str:
    """One spelling for a moment, however it was written down."""
    moment = parse_datetime(value) if isinstance(value, str) and len(value) > 18 else None
    return str(moment or value)
