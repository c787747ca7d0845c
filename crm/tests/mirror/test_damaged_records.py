"""Records whose columns hold what no column should: found, told as it stands, and mended."""

import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.tests.factories import MembershipFactory
from crm.models import Contact, PropertyRecord
from crm.proof.check import compare_all, count
from crm.tests.mirror.drift import run_sql
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    house = PropertyFactory(live=True)
    EnquiryFactory(property=house)
    MembershipFactory(owner=house.owner, property=house)
    return house


def check(capsys, *options) -> dict:
    with suppress(CommandError):
        call_command("crm_check", "--json", *options)
    return json.loads(capsys.readouterr().out)


DAMAGES = {
    "linked to no house": "UPDATE crm_properties SET property_id = NULL",
    "linked to a house that is not there": "UPDATE crm_properties SET property_id = 987654",
    "marked as deleted": "UPDATE crm_properties SET source_deleted_at = created_at",
    "two columns swapped": "UPDATE crm_properties SET slug = title, title = slug",
    "emptied": "UPDATE crm_enquiries SET message = '', contact_id = NULL, owner_id = NULL",
}
# PostgreSQL lets nobody write these.
ON_SQLITE = {
    "a number that is text": "UPDATE crm_properties SET bedrooms = 'many'",
    "a truth that is text": "UPDATE crm_memberships SET auto_renew = 'perhaps'",
    "a date that is text": "UPDATE crm_enquiries SET check_in = 'tomorrow'",
    "a day that does not exist": "UPDATE crm_enquiries SET check_in = '2026-02-31'",
    "a moment that is text": "UPDATE crm_properties SET created_at = 'long ago'",
    "a tombstone that is text": "UPDATE crm_properties SET source_deleted_at = 'long ago'",
    "a reference that is no id": "UPDATE crm_enquiries SET property_id = 'house'",
    "a reference to nothing": f"UPDATE crm_enquiries SET property_id = '{'0' * 32}'",
    "a link that is text": "UPDATE crm_properties SET property_id = 'mine'",
    "a contact's link that is text": "UPDATE crm_contacts SET user_id = 'me' WHERE is_owner",
    "a contact's moment that is text": "UPDATE crm_contacts SET last_activity_date = 'today'",
    "tags that are no JSON": "UPDATE crm_properties SET tags = '{'",
    "an entry that is no JSON": "UPDATE crm_activity_log SET changes = 'x'",
}
if connection.vendor == "sqlite":
    DAMAGES |= ON_SQLITE


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_what_a_hand_wrote_is_listed_and_mended_and_no_note_is_lost(house, capsys, damage):
    Contact.objects.update(notes="Likes dogs.")
    PropertyRecord.objects.update(notes="Key at the pub.")
    damage_records(damage)

    listed = check(capsys, "--dry-run")
    mended = check(capsys, "--repair")

    assert listed["differences"] == len(listed["changes"]) > 0
    assert (mended["differences"], count(compare_all())) == (0, 0)
    assert set(Contact.objects.values_list("notes", flat=True)) == {"Likes dogs."}
    assert PropertyRecord.objects.get().notes == "Key at the pub."


def damage_records(damage: str) -> None:
    if connection.vendor == "sqlite":
        run_sql("PRAGMA ignore_check_constraints = ON")
        run_sql("PRAGMA defer_foreign_keys = ON")
    run_sql(damage)
    run_sql("UPDATE crm_properties SET location = 'by hand too'")
    if connection.vendor == "sqlite":
        run_sql("PRAGMA ignore_check_constraints = OFF")
