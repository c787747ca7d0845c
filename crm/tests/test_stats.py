import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from crm import stats
from crm.models import SyncFailure
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


def test_counts_and_recent_changes_are_one_json_object(capsys):
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        house = PropertyFactory(live=True)
    EnquiryFactory.create_batch(2, property=house)
    house.bedrooms = 1
    house.save()
    SyncFailure.objects.create(entity_type="contacts", source_key="owners:1", message="Once")

    call_command("crm_stats", "--json")

    assert json.loads(capsys.readouterr().out) == {
        "entities": {"contacts": 3, "properties": 1, "enquiries": 2, "memberships": 0},
        "last_24_hours": {
            "contacts": {"created": 2},
            "properties": {"updated": 1},
            "enquiries": {"created": 2},
            "memberships": {},
        },
        "open_failures": 1,
    }


def test_a_deleted_house_no_longer_counts(capsys):
    PropertyFactory().delete()

    call_command("crm_stats", "--json")

    assert json.loads(capsys.readouterr().out)["entities"]["properties"] == 0


def test_people_read_lines(capsys):
    call_command("crm_stats")

    printed = capsys.readouterr().out
    assert "contacts            0" in printed
    assert "enquiries    nothing" in printed


def test_a_damaged_database_is_one_sentence(monkeypatch):
    monkeypatch.setattr(stats, "open_failures", damaged)

    with pytest.raises(CommandError) as failed:
        call_command("crm_stats", "--json")

    assert str(failed.value).endswith("(DatabaseError: file is not a database)")
    assert "\n" not in str(failed.value)


def damaged():
    raise DatabaseError("file is not a database")
