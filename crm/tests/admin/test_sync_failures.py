"""Staff try a failed sync again, one, those that are ticked, or all that are open."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import OwnerFactory
from crm import reasons
from crm.admin import sync_failure
from crm.mirror import MIRRORS
from crm.models import PropertyRecord, SyncFailure
from crm.tests.factories import SyncFailureFactory
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

LIST = "admin:crm_syncfailure_changelist"
ALL = "admin:crm_syncfailure_try_all"


def failure(**fields: Any) -> SyncFailure:
    """Return the failure of a house whose record is not there."""
    house = PropertyFactory()
    PropertyRecord.objects.filter(property=house).delete()
    return SyncFailureFactory(source_key=f"properties:{house.pk}", **fields)


def try_page(row: SyncFailure) -> str:
    return reverse("admin:crm_syncfailure_try_again", args=[row.pk])


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """No house's record can be written."""

    def fail(keys: list[int], **options: object) -> None:
        raise ValueError("poison")

    monkeypatch.setattr(MIRRORS["properties"]._statement, "run", fail)


def test_one_is_tried_from_its_own_page(desk: Client, bob: User) -> None:
    row = failure()

    answer = desk.post(try_page(row))

    row.refresh_from_db()
    assert row.resolved_by == bob.email
    assert PropertyRecord.objects.count() == 1
    assert said(answer) == ["1 record settled."]


def test_those_that_are_ticked_are_tried(desk: Client) -> None:
    ticked, other = [failure(), failure()], failure()

    answer = desk.post(
        reverse(LIST), {"action": "try_again", "_selected_action": [row.pk for row in ticked]}
    )

    assert list(SyncFailure.objects.open()) == [other]
    assert said(answer) == ["2 records settled."]


def test_all_that_are_open_are_tried(desk: Client) -> None:
    failure()
    failure()

    answer = desk.post(reverse(ALL))

    assert not SyncFailure.objects.open().exists()
    assert said(answer) == ["2 records settled."]


@pytest.mark.usefixtures("poison")
def test_what_fails_again_is_said_and_counted(desk: Client) -> None:
    PropertyFactory()

    answer = desk.post(reverse(ALL))

    row = SyncFailure.objects.get()
    assert (row.attempts, row.resolved_at) == (2, None)
    assert said(answer) == ["1 record could still not be written."]


def test_what_is_settled_is_not_tried(desk: Client) -> None:
    settled = timezone.now()
    row = failure(resolved_at=settled, resolved_by="alice@example.com")

    answer = desk.post(try_page(row))

    row.refresh_from_db()
    assert row.resolved_by == "alice@example.com"
    assert said(answer) == ["Nothing was left to try: it is settled."]


def test_the_worker_goes_on_where_a_page_had_no_time_left(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_failure, "A_PAGES_SECONDS", 0)
    row = failure(next_retry_at=timezone.now() + timedelta(hours=6))

    answer = desk.post(reverse(ALL))

    assert SyncFailure.objects.due(timezone.now()).get() == row  # the worker's next run takes it
    assert said(answer) == ["1 record not tried yet. The worker goes on with the rest."]


def test_a_link_tries_nothing(desk: Client) -> None:
    row = failure()

    answers = [desk.get(try_page(row)), desk.get(reverse(ALL))]

    assert [answer.status_code for answer in answers] == [405, 405]


class TestStaffWhoOnlyLook:
    def test_are_refused(self, client: Client, dora: User) -> None:
        row = failure()
        client.force_login(dora)

        answers = [client.post(try_page(row)), client.post(reverse(ALL))]

        assert [answer.status_code for answer in answers] == [403, 403]
        assert SyncFailure.objects.open().exists()

    def test_see_no_button(self, client: Client, dora: User) -> None:
        row = failure()
        client.force_login(dora)

        pages = [
            client.get(address).content.decode() for address in (admin_url(row), reverse(LIST))
        ]

        assert not [page for page in pages if "Try a" in page]


def test_staff_with_the_permission_see_both_buttons(client: Client, dora: User) -> None:
    dora.user_permissions.add(Permission.objects.get(codename="change_syncfailure"))
    row = failure()
    client.force_login(dora)

    pages = [client.get(address).content.decode() for address in (admin_url(row), reverse(LIST))]

    assert try_page(row) in pages[0]
    assert reverse(ALL) in pages[1]


class TestWhatFailed:
    def test_the_list_names_the_house_and_says_why(self, desk: Client) -> None:
        row = failure(message="There is no room left.\nOperationalError: disk full")

        page = desk.get(reverse(LIST)).content.decode()

        house = Property.objects.get()
        assert house.title in page
        assert f"House {house.pk}" in page
        assert "There is no room left." in page
        assert f">{row.source_key}<" not in page

    def test_its_page_links_to_record_and_source(self, desk: Client) -> None:
        owner = OwnerFactory(user__first_name="Alice", user__last_name="Ashdown")
        row = SyncFailureFactory(
            entity_type="contacts", source_key=f"owners:{owner.user_id}", message="No.\nError: x"
        )

        page = desk.get(admin_url(row)).content.decode()

        assert f'href="{admin_url(owner.user.crm_record)}" dir="auto">Alice Ashdown</a>' in page
        assert f'href="{admin_url(owner)}"' in page
        assert "Error: x" in page

    def test_a_source_that_is_gone_is_named_by_its_record(self, desk: Client) -> None:
        house = PropertyFactory(title="Fern Hall")
        row = SyncFailureFactory(source_key=f"properties:{house.pk}")
        Property.objects.filter(pk=house.pk)._raw_delete("default")

        page = desk.get(admin_url(row)).content.decode()

        assert "Fern Hall" in page
        assert "which is no longer there" in page

    def test_a_key_of_an_unknown_kind_is_shown_all_the_same(self, desk: Client) -> None:
        row = SyncFailureFactory(source_key="castles:1")

        answers = [desk.get(reverse(LIST)), desk.get(admin_url(row))]

        assert ["does not know" in answer.content.decode() for answer in answers] == [True, True]

    def test_a_resolved_one_says_when_and_by_what(self, desk: Client) -> None:
        resolved = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
        row = failure(resolved_at=resolved, resolved_by="system:crm_check")

        page = desk.get(admin_url(row)).content.decode()

        assert "1 Jun 2026, 10:30, by the check and repair" in page

    def test_a_message_of_an_older_version_is_what_the_database_said(self, desk: Client) -> None:
        row = failure(message="OperationalError: disk full")

        page = unescape(desk.get(admin_url(row)).content.decode())

        assert reasons.UNKNOWN in page
        assert "OperationalError: disk full" in page


def test_as_many_queries_for_a_few_rows_as_for_many(desk: Client) -> None:
    desk.get(reverse(LIST))
    counts = []
    for number in (2, 10):
        for _ in range(number):
            failure()
            enquiry = EnquiryFactory()
            SyncFailureFactory(entity_type="enquiries", source_key=f"enquiries:{enquiry.pk}")
        with CaptureQueriesContext(connection) as queries:
            desk.get(reverse(LIST))
        counts.append(len(queries))

    assert counts[0] == counts[1]
