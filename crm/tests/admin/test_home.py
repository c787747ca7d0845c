"""The home page: what waits, and figures that equal the lists behind them."""

import re
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.admin_columns import admin_url, rounded_money
from accounts.models import User
from accounts.tests.factories import UserFactory
from billing.models import Cycle, MembershipStatus, Outcome
from billing.tests.factories import (
    EpisodeFactory,
    IncomingEventFactory,
    SubscriptionProblemFactory,
)
from crm import dashboard
from crm.home import QUEUES, Queue, greeting
from crm.models import EnquiryRecord
from crm.tests.factories import (
    SyncFailureFactory,
    contact,
    enquiry_record,
    membership_record,
    property_record,
)


def rows_behind(desk: Client, url: str) -> int:
    return desk.get(url).context["cl"].result_count


@pytest.fixture
def busy(db: None) -> None:
    """Some of everything that counts, and some of everything that must not."""
    property_record(pending=True)
    property_record(live=True)
    property_record(pending=True).property.delete()
    enquiry_record()
    enquiry_record(status="contacted")
    enquiry_record(quarantine_reason="Ten links")
    enquiry_record(quarantine_reason="Ten links", status="spam")
    enquiry_record(quarantine_reason="Ten links", status="contacted")
    failing = membership_record(status=MembershipStatus.PAST_DUE)
    EpisodeFactory(membership=failing.membership)
    EpisodeFactory(membership=failing.membership, closed_at=timezone.now(), outcome=Outcome.PAID)
    membership_record(status=MembershipStatus.EXPIRING_SOON, billing_cycle=Cycle.MONTHLY)
    membership_record(status=MembershipStatus.CANCELLED)
    SubscriptionProblemFactory()
    SubscriptionProblemFactory(resolved_at=timezone.now())
    IncomingEventFactory(status="parked", next_try_at=None)
    IncomingEventFactory(status="failed")
    SyncFailureFactory()
    SyncFailureFactory(resolved_at=timezone.now())


@pytest.mark.usefixtures("busy")
class TestEveryFigureEqualsTheListBehindIt:
    @pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
    def test_for_the_queues(self, desk: Client, queue: Queue) -> None:
        shown = {one["queue"].name: one["count"] for one in home(desk).context["queues"]}

        assert shown[queue.name] == rows_behind(desk, queue.url) == 1

    @pytest.mark.parametrize("title", ["Contacts", "Live houses", "Enquiries this month"])
    def test_for_the_tiles(self, desk: Client, title: str) -> None:
        tile = next(tile for tile in home(desk).context["tiles"] if tile["title"] == title)

        assert tile["count"] == rows_behind(desk, tile["url"]) > 0


def home(desk: Client) -> HttpResponse:
    return desk.get(reverse("admin:index"))


class TestPartsOfAPenny:
    @pytest.mark.parametrize(
        ("pence", "shown"),
        [
            (Fraction(1, 2), "£0.01"),
            (Fraction(49, 100), "£0"),
            (Fraction(541_667, 100), "£54.17"),
            (Fraction(-5, 2), "-£0.02"),
        ],
    )
    def test_are_rounded_half_a_penny_up(self, pence: Fraction, shown: str) -> None:
        assert rounded_money(pence) == shown


class TestTheMonth:
    def test_begins_at_midnight_in_london(self, db: None) -> None:
        before, after = enquiry_record(), enquiry_record()
        set_received(before, datetime(2026, 6, 30, 22, 59, tzinfo=UTC))
        set_received(after, datetime(2026, 6, 30, 23, 1, tzinfo=UTC))

        found = dashboard.enquiries_this_month(datetime(2026, 7, 15, 12, tzinfo=UTC))

        assert list(found) == [after]

    def test_the_list_behind_the_figure_cuts_at_the_same_moment(self, desk: Client) -> None:
        before, after = enquiry_record(), enquiry_record()
        set_received(before, datetime(2026, 6, 30, 22, 59, tzinfo=UTC))
        set_received(after, datetime(2026, 6, 30, 23, 1, tzinfo=UTC))
        july = {"created_at_from": date(2026, 7, 1).isoformat(), "created_at_to": "31/07/2026"}

        listed = desk.get(reverse("admin:crm_enquiryrecord_changelist"), july)

        assert list(listed.context["cl"].result_list) == [after]


def set_received(record: EnquiryRecord, moment: datetime) -> None:
    EnquiryRecord.objects.filter(pk=record.pk).update(created_at=moment)


class TestTheQueues:
    def test_a_listing_is_approved_without_leaving_the_page(self, desk: Client) -> None:
        record = property_record(pending=True, title="Larkfield Hall")

        page = home(desk).content.decode()

        assert "Larkfield Hall" in page
        assert f"{admin_url(record).removesuffix('change/')}step/approve/" in page

    def test_a_held_back_enquiry_is_released_without_leaving_the_page(self, desk: Client) -> None:
        record = enquiry_record(quarantine_reason="Ten links")

        page = home(desk).content.decode()

        assert "Held back: Ten links" in page
        assert f"{admin_url(record).removesuffix('change/')}step/to-owner/" in page

    def test_the_longest_wait_comes_first(self, desk: Client) -> None:
        property_record(pending=True, title="Second", submitted_at=at(2026, 3, 2))
        property_record(pending=True, title="First", submitted_at=at(2026, 3, 1))

        queue = home(desk).context["queues"][0]

        assert [record.title for record in queue["rows"]] == ["First", "Second"]

    def test_the_sidebar_shows_how_many_wait(self, desk: Client) -> None:
        for _ in range(3):
            property_record(pending=True)

        page = desk.get(reverse("admin:crm_contact_changelist")).content.decode()

        properties = page.split("Properties</span>")[1].split("</a>")[0]
        assert re.search(r">\s*3\s*<", properties)

    def test_a_parked_subscription_is_looked_at_again_without_leaving_the_page(
        self, desk: Client
    ) -> None:
        problem = SubscriptionProblemFactory()

        page = home(desk).content.decode()

        assert problem.stripe_subscription_id in page
        assert f"{admin_url(problem).removesuffix('change/')}look-again/" in page


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


class TestOneThingHasOneName:
    def test_in_the_sidebar_on_the_home_page_and_over_the_list(self, desk: Client) -> None:
        home_page = home(desk).content.decode()
        listed = desk.get(reverse("admin:billing_subscriptionproblem_changelist"))

        name = listed.context["opts"].verbose_name_plural.capitalize()
        assert home_page.count(name) == 2

    def test_below_the_activity_log(self, desk: Client) -> None:
        property_record()

        page = desk.get(reverse("admin:crm_activitylog_changelist")).content.decode()

        assert re.search(r"\d+ changes", page)


class TestWhoSeesWhat:
    def test_a_new_installation_is_welcomed(self, desk: Client) -> None:
        page = home(desk).content.decode()

        assert "Welcome to Gatehouse" in page
        assert "No listing waits for approval." in page

    def test_staff_who_only_look_are_not_offered_decisions(
        self, client: Client, dora: User
    ) -> None:
        property_record(pending=True, title="Larkfield Hall")
        client.force_login(dora)

        page = client.get(reverse("admin:index")).content.decode()

        assert "Larkfield Hall" in page
        assert "Approve" not in page

    @pytest.mark.django_db
    def test_staff_without_a_role_see_no_figures(self, client: Client) -> None:
        contact(user__first_name="Margaret")
        client.force_login(UserFactory(is_staff=True))

        answer = client.get(reverse("admin:index"))

        assert "You have no role yet" in answer.content.decode()
        assert (answer.context["tiles"], answer.context["board"]) == ([], None)

    @pytest.mark.parametrize(
        ("hour", "words"), [(8, "Good morning"), (11, "Good afternoon"), (18, "Good evening")]
    )
    def test_the_greeting_follows_londons_clock(self, hour: int, words: str) -> None:
        assert greeting(datetime(2026, 7, 1, hour, tzinfo=UTC)) == words
