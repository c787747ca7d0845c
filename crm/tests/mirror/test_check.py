"""Differences that no signal saw are found in the database, named and repaired."""

import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.tests.factories import MembershipFactory
from crm.models import ActivityLog, Contact, EnquiryRecord, PropertyRecord, SyncCheck
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def business():
    house = PropertyFactory(live=True)
    EnquiryFactory.create_batch(2, property=house)
    MembershipFactory(owner=house.owner, property=house)


def check(capsys, *options) -> dict:
    with suppress(CommandError):
        call_command("crm_check", "--json", *options)
    return json.loads(capsys.readouterr().out)


def test_a_mirror_kept_by_signals_has_no_difference(business, capsys):
    report = check(capsys)

    assert report["differences"] == 0
    assert report["entities"]["contacts"] == {
        "source": 3,
        "records": 3,
        "missing": 0,
        "changed": 0,
        "orphaned": 0,
    }
    assert SyncCheck.objects.latest().differences == 0


@pytest.mark.parametrize(
    ("entity", "kind", "plant"),
    [
        ("properties", "missing", lambda: PropertyRecord.objects.all().delete()),
        ("properties", "changed", lambda: Property.objects.update(bedrooms=1)),
        ("properties", "changed", lambda: Property.objects.update(description="")),
        (
            "enquiries",
            "changed",
            lambda: Enquiry.objects.filter(pk=Enquiry.objects.latest("pk").pk).update(
                check_in="2027-01-01"
            ),
        ),
        (
            "enquiries",
            "orphaned",
            lambda: Enquiry.objects.filter(pk=Enquiry.objects.earliest("pk").pk)._raw_delete(
                "default"
            ),
        ),
        (
            "contacts",
            "orphaned",
            lambda: Enquiry.objects.filter(pk=Enquiry.objects.earliest("pk").pk)._raw_delete(
                "default"
            ),
        ),
        ("contacts", "changed", lambda: Contact.objects.filter(is_owner=True).update(phone="?")),
        (
            "memberships",
            "missing",
            lambda: connection.cursor().execute("DELETE FROM crm_memberships"),
        ),
    ],
)
def test_drift_of_each_kind_is_found_and_repaired_once(business, capsys, entity, kind, plant):
    plant()

    found = check(capsys)
    repaired = check(capsys, "--repair")
    entries = ActivityLog.objects.count()
    again = check(capsys, "--repair")

    assert found["entities"][entity][kind] == 1
    assert repaired["differences"] == 0
    assert again["differences"] == 0
    assert ActivityLog.objects.count() == entries


def test_a_contact_added_by_hand_is_no_difference(capsys):
    Contact.objects.create(email="met-at-the-fair@example.com")

    assert check(capsys)["differences"] == 0


def test_a_guest_without_a_contact_gets_one_by_repair(business, capsys):
    EnquiryRecord.objects.all().delete()
    Contact.objects.filter(is_guest=True).delete()

    found = check(capsys)
    check(capsys, "--repair")

    assert found["entities"]["contacts"]["missing"] == 2
    assert found["entities"]["enquiries"]["missing"] == 2
    assert EnquiryRecord.objects.filter(contact__isnull=False).count() == 2


def test_people_read_a_table_and_a_sentence(business, capsys):
    call_command("crm_check")

    assert "Every record equals its source." in capsys.readouterr().out


def test_a_difference_ends_the_command_with_code_1(business):
    PropertyRecord.objects.update(title="Edited by hand")

    with pytest.raises(CommandError, match="1 record differs") as difference:
        call_command("crm_check")

    assert difference.value.returncode == 1


def test_people_read_what_a_repair_would_change_column_by_column(capsys):
    house = PropertyFactory(title="Hill House", bedrooms=4, live=True)
    Property.objects.update(bedrooms=9, description="x" * 70 + "new")
    PropertyRecord.objects.update(description="x" * 70 + "old")

    with pytest.raises(CommandError, match="1 record differs from its source."):
        call_command("crm_check", "--dry-run")

    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        f"properties changed: Hill House (properties {house.pk}), bulk write",
        f'    description  ..."{"x" * 15}old" -> ..."{"x" * 15}new"',
        "    bedrooms     4 -> 9",
    ]
    assert lines[-1].startswith("Dry run: nothing was written")
