"""SQLite stores whatever a hand types; the list of such a record says so instead of failing."""

import logging
from html import unescape

import pytest
from django.db import connection
from django.test import Client

from crm import reasons
from crm.home import list_url
from crm.models import Contact, EnquiryRecord, PropertyRecord
from crm.tests.factories import enquiry_record, property_record
from crm.tests.mirror.drift import run_sql

pytestmark = pytest.mark.django_db

# PostgreSQL takes none of these: there the list goes on to open.
DAMAGES = {
    PropertyRecord: "UPDATE crm_properties SET created_at = '2026-02-31 10:00:00'",
    EnquiryRecord: "UPDATE crm_enquiries SET id = 'mine'",
    Contact: "UPDATE crm_contacts SET signup_date = '2026-13-01 10:00:00'",
}


@pytest.fixture(autouse=True)
def records(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "crm_project.middleware")
    property_record()
    enquiry_record()


@pytest.mark.parametrize("model", DAMAGES, ids=lambda model: model._meta.db_table)
def test_a_list_with_an_impossible_value_says_where_to_repair_it(desk: Client, model: type) -> None:
    if connection.vendor == "sqlite":
        run_sql(DAMAGES[model])

    answer = desk.get(list_url(model))

    said = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert (reasons.UNREADABLE in said) == (connection.vendor == "sqlite")
    assert ("check the records and repair" in said) == (connection.vendor == "sqlite")


def test_an_error_of_the_program_itself_is_not_hidden(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ValueError("a mistake in the program")

    monkeypatch.setattr("crm.admin.contact.ContactAdmin.get_queryset", fail)

    with pytest.raises(ValueError, match="a mistake"):
        desk.get(list_url(Contact))
