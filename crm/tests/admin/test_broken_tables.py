"""The admin opens when a table of the CRM is broken: that is when it is needed."""

import logging
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.admin_columns import admin_url
from billing.models import MovementTally, Payment, RevenueSpan, Tier
from crm import reasons
from crm.admin import differences as differences_page
from crm.home import QUEUES, list_url
from crm.models import (
    ActivityLog,
    BulkWrite,
    Contact,
    EnquiryRecord,
    Interaction,
    MembershipRecord,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from crm.proof import check
from crm.proof.check import run_check
from crm.proof.evidence import TABLES
from crm.proof.verdict import Colour
from crm.tests.factories import (
    InteractionFactory,
    SyncFailureFactory,
    enquiry_record,
    membership_record,
    property_record,
)
from listings.models import Enquiry, Photo, Property

pytestmark = pytest.mark.django_db(transaction=True)

BROKEN = [Contact, PropertyRecord, MembershipRecord, SyncFailure]


@pytest.fixture
def take_away(transactional_db: None) -> Iterator[Callable[[type[Model]], None]]:
    """Rename a model's table away; it is back after the test."""
    away = []

    def rename(model: type[Model]) -> None:
        table = model._meta.db_table
        with connection.schema_editor() as editor:
            editor.alter_db_table(model, table, f"{table}_away")
        away.append(model)

    yield rename
    for model in away:
        table = model._meta.db_table
        with connection.schema_editor() as editor:
            editor.alter_db_table(model, f"{table}_away", table)


@pytest.fixture(autouse=True)
def busy(transactional_db: None, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("crm.dashboard", "crm_project.middleware"):
        caplog.set_level(logging.CRITICAL, name)
    property_record(pending=True, title="Larkfield Hall")
    enquiry_record()
    enquiry_record(quarantine_reason="Ten links")
    membership_record(status="past_due")
    SyncFailureFactory()


def queue(answer: HttpResponse, name: str) -> dict[str, object]:
    return next(entry for entry in answer.context["queues"] if entry["queue"].name == name)


@pytest.mark.parametrize("model", BROKEN, ids=lambda model: model._meta.db_table)
class TestWithATableAway:
    def test_the_home_page_opens_and_says_so(
        self, desk: Client, take_away: Callable, model: type[Model]
    ) -> None:
        take_away(model)

        answer = desk.get(reverse("admin:index"))

        assert answer.status_code == 200
        assert "cannot be read" in answer.content.decode()

    def test_the_sync_failures_open(
        self, desk: Client, take_away: Callable, model: type[Model]
    ) -> None:
        take_away(model)

        answer = desk.get(reverse("admin:crm_syncfailure_changelist"))

        assert answer.status_code == 200

    # Not "page": that is playwright's, and would run these before what they must come after.
    @pytest.mark.parametrize("shown", ["health", "differences", "sources", "changelist"])
    def test_the_pages_about_the_mirror_open_and_say_so(
        self, desk: Client, take_away: Callable, model: type[Model], shown: str
    ) -> None:
        run_check(now=timezone.now())
        take_away(model)

        answer = desk.get(reverse(f"admin:crm_synccheck_{shown}"))

        assert answer.status_code == 200
        if shown == "health":
            assert answer.context["verdict"].colour == Colour.RED

    def test_checking_and_repairing_say_that_they_broke_off(
        self, desk: Client, take_away: Callable, model: type[Model]
    ) -> None:
        take_away(model)

        answers = [
            desk.post(reverse(f"admin:crm_synccheck_{do}")) for do in ("check_now", "repair")
        ]

        assert [answer.status_code for answer in answers] == [302, 302]

    def test_the_command_palette_still_finds_pages(
        self, desk: Client, take_away: Callable, model: type[Model]
    ) -> None:
        take_away(model)

        answer = desk.get(reverse("admin:search"), {"s": "sync"})

        assert reverse("admin:crm_syncfailure_changelist") in answer.content.decode()


@pytest.mark.parametrize("model", [MovementTally, RevenueSpan, Payment])
class TestWithAFiguresTableAway:
    def test_the_home_page_still_shows_what_waits(
        self, desk: Client, take_away: Callable, model: type[Model]
    ) -> None:
        take_away(model)

        answer = desk.get(reverse("admin:index"))

        assert "The figures cannot be read" in answer.content.decode()
        assert queue(answer, "listings")["count"] == 1

    def test_the_page_of_a_figure_says_so(
        self, desk: Client, take_away: Callable, model: type[Model]
    ) -> None:
        take_away(model)
        name = "cash" if model is Payment else "mrr"

        answer = desk.get(reverse("admin:crm_figure", args=[name]))

        assert (answer.status_code, "This page cannot be shown" in answer.content.decode()) == (
            200,
            True,
        )


@pytest.mark.parametrize("model", [SyncCheck, ActivityLog, BulkWrite, Enquiry, Photo, Tier])
def test_the_health_page_names_what_cannot_be_read(
    desk: Client, take_away: Callable, model: type[Model]
) -> None:
    take_away(model)

    answer = desk.get(reverse("admin:crm_synccheck_health"))

    assert f"{TABLES[model]} cannot be read" in answer.content.decode()
    assert answer.context["verdict"].colour == Colour.RED


@pytest.mark.parametrize("do", ["check_now", "repair"])
def test_what_broke_off_is_told_until_a_check_comes_to_its_end(
    desk: Client, take_away: Callable, monkeypatch: pytest.MonkeyPatch, do: str
) -> None:
    page = reverse("admin:crm_synccheck_health")
    run_check(now=timezone.now())
    with monkeypatch.context() as broken:
        broken.setattr(check, "compare_all", refuse)
        broken.setattr(differences_page, "compare", refuse)
        desk.post(reverse(f"admin:crm_synccheck_{do}"))
        told = desk.get(page)
    run_check(now=timezone.now())
    afterwards = desk.get(page)

    assert "The last check could not be finished." in told.content.decode()
    assert "no such table: listings_enquiry" in told.content.decode()
    assert told.context["verdict"].colour == Colour.RED
    assert "could not be finished" not in afterwards.content.decode()
    assert "It has never run here." in told.content.decode()  # that was not the worker


def refuse(*args: object) -> None:
    raise OperationalError("no such table: listings_enquiry")


def test_the_other_queues_are_still_counted(desk: Client, take_away: Callable) -> None:
    take_away(PropertyRecord)

    answer = desk.get(reverse("admin:index"))

    counts = {one.name: queue(answer, one.name)["count"] for one in QUEUES}
    assert (counts["listings"], counts["enquiries"], counts["failures"]) == (None, 1, 1)


def test_a_queue_whose_rows_need_the_table_says_so(desk: Client, take_away: Callable) -> None:
    take_away(Contact)

    answer = desk.get(reverse("admin:index"))

    assert (queue(answer, "listings")["count"], queue(answer, "listings")["rows"]) == (1, None)


def test_the_badge_in_the_sidebar_says_so(desk: Client, take_away: Callable) -> None:
    take_away(PropertyRecord)

    page = desk.get(reverse("admin:accounts_user_changelist")).content.decode()

    properties = page.split("Properties</span>")[1].split("</a>")[0]
    assert "cannot be read" in properties


def test_the_command_palette_says_what_it_could_not_search(
    desk: Client, take_away: Callable
) -> None:
    take_away(PropertyRecord)

    answer = desk.get(reverse("admin:search"), {"s": "larkfield", "extended": "1"})

    assert "Properties cannot be read" in answer.content.decode()


PAGES = [*BROKEN, EnquiryRecord, Interaction, ActivityLog]


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.db_table)
def test_every_page_of_the_crm_opens_and_says_so(
    desk: Client, take_away: Callable, model: type[Model]
) -> None:
    InteractionFactory(contact=Contact.objects.first())
    page = admin_url(model.objects.first())
    take_away(model)

    answers = [desk.get(address) for address in (list_url(model), page)]

    assert [answer.status_code for answer in answers] == [200, 200]
    for answer in answers:
        assert "cannot be read" in answer.content.decode()
        assert reasons.MISSING in unescape(answer.content.decode())


def test_an_action_on_a_broken_list_says_so_and_does_nothing(
    desk: Client, take_away: Callable
) -> None:
    waiting = PropertyRecord.objects.get(title="Larkfield Hall")
    take_away(PropertyRecord)

    ticked = {"action": "approve", "_selected_action": [str(waiting.pk)]}
    answer = desk.post(list_url(PropertyRecord), ticked)

    assert answer.status_code == 500
    assert "may not be saved" in answer.content.decode()
    assert Property.objects.get(title="Larkfield Hall").status == "pending_approval"


def test_other_errors_of_the_admin_are_not_hidden(desk: Client, take_away: Callable) -> None:
    take_away(Tier)

    with pytest.raises(DatabaseError):
        desk.get(reverse("admin:billing_tier_changelist"))
