"""The health page: the claim and its colour, and figures that equal the rows behind them."""

import uuid
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Task

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import UserFactory
from crm.models import (
    ActivityType,
    Cause,
    Contact,
    Entity,
    PropertyRecord,
    SyncCheck,
)
from crm.proof.check import Progress, run_check, run_repair
from crm.tests.factories import (
    ActivityFactory,
    BulkWriteFactory,
    SyncCheckFactory,
    SyncFailureFactory,
    contact,
    enquiry_record,
    membership_record,
    property_record,
)
from listings.models import Property
from listings.tests.factories import PropertyFactory

PAGE = "admin:crm_synccheck_health"
CHECK_NOW = "admin:crm_synccheck_check_now"


def health(desk: Client) -> HttpResponse:
    return desk.get(reverse(PAGE))


def text(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def colour(answer: HttpResponse) -> str:
    return answer.context["verdict"].colour.value


def job(group: str = "crm_retry", *, minutes: float = 0, failed: str = "") -> Task:
    """A job that the worker finished; `failed` is what it says of why it could not."""
    at = timezone.now() - timedelta(minutes=minutes)
    key = uuid.uuid4().hex
    done = {"started": at, "stopped": at, "success": not failed, "result": failed}
    return Task.objects.create(id=key, name=key, func="f", group=group, **done)


@pytest.fixture
def worker(db: None) -> Task:
    return job()


@pytest.fixture
def drift(db: None) -> None:
    """One record of each kind of difference, and some that are equal."""
    changed, gone, missing = PropertyFactory.create_batch(3)
    enquiry_record()
    membership_record()
    Property.objects.filter(pk=changed.pk).update(title="Larkfield Hall")
    Property.objects.filter(pk=gone.pk)._raw_delete("default")
    PropertyRecord.objects.filter(property=missing).delete()


@pytest.mark.usefixtures("worker")
class TestTheColour:
    def test_is_green_right_after_a_check_that_found_all_equal(self, desk: Client) -> None:
        property_record()
        run_check(now=timezone.now())

        answer = health(desk)

        assert colour(answer) == "green"
        assert "All 2 records equal their source." in text(answer)
        assert "Proved just now" in text(answer)

    def test_is_amber_before_the_first_check(self, desk: Client) -> None:
        answer = health(desk)

        assert colour(answer) == "amber"
        assert "Nothing has been proved yet." in text(answer)

    def test_is_amber_when_no_job_has_finished_for_long(self, desk: Client, worker: Task) -> None:
        run_check(now=timezone.now())
        Task.objects.update(stopped=timezone.now() - timedelta(minutes=20))

        answer = health(desk)

        assert colour(answer) == "amber"
        assert "manage.py qcluster" in text(answer)

    def test_is_red_while_something_differs(self, desk: Client, drift: None) -> None:
        run_check(now=timezone.now())

        answer = health(desk)

        assert colour(answer) == "red"
        assert "3 records differ from their source." in text(answer)
        assert reverse("admin:crm_synccheck_differences") in text(answer)

    def test_is_red_when_a_sync_fails_after_the_proof(self, desk: Client) -> None:
        run_check(now=timezone.now() - timedelta(minutes=2))
        SyncFailureFactory()

        assert colour(health(desk)) == "red"

    def test_is_amber_when_the_proof_came_after_the_failure(self, desk: Client) -> None:
        SyncFailureFactory()
        run_check(now=timezone.now() + timedelta(seconds=1))

        assert colour(health(desk)) == "amber"

    def test_is_red_when_the_workers_last_check_broke_off(self, desk: Client) -> None:
        run_check(now=timezone.now() - timedelta(minutes=15))
        job("crm_check --repair", failed="disk is full : Traceback (most…")

        answer = health(desk)

        assert colour(answer) == "red"
        assert "disk is full" in text(answer)
        assert "Traceback" not in text(answer)

    def test_a_check_that_came_to_its_end_did_not_break_off(self, desk: Client) -> None:
        job("crm_check --repair", failed="1 record differs.", minutes=1)
        run_check(now=timezone.now())

        assert colour(health(desk)) == "green"


class Links(HTMLParser):
    """The links of a page whose text is a number: {address: number}."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.address = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.address = ""

    def handle_data(self, data: str) -> None:
        number = data.strip().replace(",", "")
        if self.address and number.isdigit():
            self.found[self.address] = int(number)


def figures(answer: HttpResponse) -> dict[str, int]:
    """Return the figures of the page itself, the sidebar's left out."""
    links = Links()
    links.feed(answer.content.decode().split('class="gh-home"')[1])
    return links.found


def rows_behind(desk: Client, url: str) -> int:
    context = desk.get(url).context
    return context["cl"].result_count if "cl" in context else context["page"].paginator.count


@pytest.fixture
def busy(drift: None) -> SyncCheck:
    """Something behind every figure, and something that no figure must count."""
    now = timezone.now()
    contact()
    ActivityFactory(outcome="routine")
    ActivityFactory(created_at=now - timedelta(hours=25))
    ActivityFactory(cause=Cause.RAW_WRITE, entity_type=Entity.ENQUIRIES)
    ActivityFactory(cause=Cause.BULK_WRITE, created_at=now - timedelta(days=29))
    ActivityFactory(cause=Cause.BULK_WRITE, created_at=now - timedelta(days=40))
    SyncFailureFactory()
    SyncFailureFactory(resolved_at=now)
    BulkWriteFactory()
    BulkWriteFactory(created_at=now - timedelta(days=40))
    Contact.objects.create(email="by.hand@example.com")
    property_record().property.delete()
    return run_check(now=now)


@pytest.mark.usefixtures("busy")
class TestEveryFigure:
    def test_equals_the_rows_behind_it(self, desk: Client) -> None:
        shown = {url: n for url, n in figures(health(desk)).items() if "change/" not in url}

        assert len(shown) > 20
        assert {url: rows_behind(desk, url) for url in shown} == shown

    def test_of_a_past_check_leads_to_that_check(self, desk: Client, busy: SyncCheck) -> None:
        assert figures(health(desk))[admin_url(busy)] == busy.differences == 3

    @pytest.mark.parametrize("kind", ["missing", "changed", "orphaned"])
    def test_of_differences_is_there(self, desk: Client, kind: str) -> None:
        url = f"{reverse('admin:crm_synccheck_differences')}?entity=properties&kind={kind}"

        assert figures(health(desk))[url] == 1

    def test_of_the_drift_leaves_out_what_is_older(self, desk: Client) -> None:
        lines = {line.title: line.figures[-1].count for line in health(desk).context["drift"].lines}

        assert lines == {"Bulk write": 1, "Raw write": 1}

    def test_of_the_activity_leaves_out_what_is_older(self, desk: Client) -> None:
        lines = {
            line.title: line.figures[0].count for line in health(desk).context["activity"].lines
        }

        assert lines["Updated"] == 1


class TestThePage:
    def test_says_how_it_is_proved_and_what_is_compared(self, desk: Client) -> None:
        page = text(health(desk))

        assert "How this is proved" in page
        assert "weekend price" in page

    def test_names_who_wrote_past_the_mirror(self, desk: Client) -> None:
        BulkWriteFactory(rows=200, columns=["title"], actor="charlie@example.com")

        page = text(health(desk))

        assert "200 properties updated: title" in page
        assert "charlie@example.com" in page

    def test_says_of_what_was_written_since_the_check_that_it_is_not_proved(
        self, desk: Client
    ) -> None:
        SyncCheckFactory(started_at=timezone.now() - timedelta(minutes=3))
        BulkWriteFactory(created_at=timezone.now() - timedelta(minutes=4))
        BulkWriteFactory(created_at=timezone.now() - timedelta(minutes=2))

        answer = health(desk)

        assert "bulk write, of which nothing is proved" in text(answer)
        assert answer.context["unproved"].count == 1
        assert rows_behind(desk, answer.context["unproved"].url) == 1

    def test_shows_the_newest_drift_of_each_cause(self, desk: Client) -> None:
        ActivityFactory(cause=Cause.RAW_WRITE, title="Older")
        ActivityFactory(cause=Cause.RAW_WRITE, title="Newer")
        ActivityFactory(cause=Cause.FAILED_SYNC, title="Another cause")

        titles = {entry.title for entry in health(desk).context["examples"]}

        assert titles == {"Newer", "Another cause"}

    def test_does_not_compare_anything_itself(self, desk: Client, drift: None) -> None:
        SyncCheckFactory()

        assert "All 40 records equal" in text(health(desk))

    def test_shows_hostile_text_as_text(self, desk: Client) -> None:
        ActivityFactory(cause=Cause.RAW_WRITE, title="<script>alert(1)</script>")
        job("crm_check", failed="<img src=x onerror=alert(1)>")

        page = text(health(desk))

        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page

    def test_of_a_repair_says_how_much_was_found(self, desk: Client, drift: None) -> None:
        run_repair(now=timezone.now(), progress=Progress())

        answer = health(desk)

        row = text(answer).split('aria-labelledby="checks"')[1].split("</tbody>")[0]
        assert 'data-label="Repaired" >' in row
        assert [row.count(">3</a>"), row.count(">0</td>")] == [2, 1]


class TestChecking:
    def test_now_keeps_a_new_proof(self, desk: Client) -> None:
        answer = desk.post(reverse(CHECK_NOW), follow=True)

        assert SyncCheck.objects.get().differences == 0
        assert answer.redirect_chain[-1][0] == reverse(PAGE)

    def test_takes_a_button_and_no_link(self, desk: Client) -> None:
        assert desk.get(reverse(CHECK_NOW)).status_code == 405


class TestPermissions:
    def test_staff_who_only_look_see_no_buttons(
        self, client: Client, dora: User, drift: None
    ) -> None:
        run_check(now=timezone.now())
        client.force_login(dora)

        page = text(client.get(reverse(PAGE)))

        assert "3 records differ" in page
        assert (reverse(CHECK_NOW) in page, "Review and repair" in page) == (False, False)
        assert "See the differences" in page

    def test_staff_who_only_look_may_not_check(self, client: Client, dora: User) -> None:
        client.force_login(dora)

        assert client.post(reverse(CHECK_NOW)).status_code == 403

    def test_staff_with_the_permission_may_check(self, client: Client, dora: User) -> None:
        dora.user_permissions.add(Permission.objects.get(codename="change_synccheck"))
        client.force_login(dora)

        assert client.post(reverse(CHECK_NOW)).status_code == 302

    @pytest.mark.parametrize("view", ["health", "differences", "sources"])
    def test_staff_without_the_permission_are_refused(
        self, client: Client, db: None, view: str
    ) -> None:
        client.force_login(UserFactory(is_staff=True))

        assert client.get(reverse(f"admin:crm_synccheck_{view}")).status_code == 403

    @pytest.mark.parametrize("view", ["health", "differences", "sources"])
    def test_an_owner_is_refused(self, client: Client, alice: User, view: str) -> None:
        client.force_login(alice)

        answer = client.get(reverse(f"admin:crm_synccheck_{view}"), follow=True)

        assert answer.status_code == 403

    @pytest.mark.parametrize("view", ["check_now", "repair"])
    def test_a_stranger_changes_nothing(self, client: Client, drift: None, view: str) -> None:
        client.post(reverse(f"admin:crm_synccheck_{view}"))

        assert not SyncCheck.objects.exists()
        assert PropertyRecord.objects.filter(title="Larkfield Hall").count() == 0

    def test_lists_that_one_may_not_see_are_not_linked(
        self, client: Client, busy: SyncCheck
    ) -> None:
        only_checks = UserFactory(is_staff=True)
        only_checks.user_permissions.add(Permission.objects.get(codename="view_synccheck"))
        client.force_login(only_checks)

        answer = client.get(reverse(PAGE))

        assert set(figures(answer)) == {admin_url(busy)}


class TestTheHomePage:
    def test_has_one_line_that_leads_there(self, desk: Client, worker: Task) -> None:
        property_record()
        run_check(now=timezone.now())

        page = text(desk.get(reverse("admin:index")))

        assert "All 2 records equal their source, proved just now" in page
        assert reverse(PAGE) in page

    def test_has_none_for_staff_who_may_not_see_it(self, client: Client, db: None) -> None:
        client.force_login(UserFactory(is_staff=True))

        assert client.get(reverse("admin:index")).context["proof"] is None


def cost(desk: Client, address: str) -> int:
    desk.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def make_history(times: int) -> None:
    for _ in range(times):
        SyncFailureFactory()
        BulkWriteFactory()
        for cause in Cause:
            for kind in ActivityType:
                ActivityFactory(cause=cause, activity_type=kind)
        SyncCheckFactory(differences=1)


def test_the_page_costs_the_same_for_a_short_history_and_for_a_long_one(desk: Client) -> None:
    make_history(2)
    at_two = cost(desk, reverse(PAGE))

    make_history(10)
    at_twelve = cost(desk, reverse(PAGE))

    # session, user, queue lengths; the newest check, failures, the worker, the last proof; checks,
    # activity, drift, its newest, bulk writes, their number, and that of those since the check; and
    # the newest comparison with Stripe
    assert (at_two, at_twelve) == (15, 15)


class TestTheListOfChecks:
    def test_narrows_down_to_those_that_found_something(self, desk: Client) -> None:
        SyncCheckFactory()
        SyncCheckFactory(differences=3)

        answer = desk.get(reverse("admin:crm_synccheck_changelist"), {"result": "differs"})

        assert answer.context["cl"].result_count == 1
        assert "3 differed" in text(answer)

    def test_each_tells_its_counts_and_what_it_repaired(self, desk: Client, drift: None) -> None:
        check = run_repair(now=timezone.now(), progress=Progress())

        page = text(desk.get(admin_url(check)))

        assert "Memberships" in page
        assert "See what was written" in page
