from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import OwnerFactory, UserFactory
from crm.models import EnquiryRecord, MembershipRecord
from crm.reports import pages
from crm.reports.registry import GROUPS, REPORTS
from crm.tests.reports import world
from crm.tests.reports.reading import Page, words

YEAR = {"start": "2026-01", "end": "2026-06"}


def address(name: str) -> str:
    return reverse("admin:report", args=[name])


def viewer(client: Client, *models: type[Model]) -> Client:
    user = UserFactory(is_staff=True)
    names = [f"view_{model._meta.model_name}" for model in models]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_every_report_is_offered() -> None:
    assert sorted(name for _, names in GROUPS for name in names) == sorted(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
class TestAReport:
    def test_opens_without_being_told_its_days(self, desk: Client, name: str) -> None:
        assert desk.get(address(name)).status_code == 200

    def test_says_so_when_there_is_nothing(self, desk: Client, name: str) -> None:
        assert REPORTS[name].nothing in words(desk.get(address(name), YEAR).content)

    def test_is_not_for_those_who_may_not_view_its_rows(
        self, client: Client, db: None, name: str
    ) -> None:
        client.force_login(UserFactory(is_staff=True))

        assert client.get(address(name)).status_code == 403
        assert client.get(address(name), {"format": "csv"}).status_code == 403


def test_each_report_costs_the_same_at_2_rows_and_at_12(desk: Client) -> None:
    world.fill(2)
    at_two = {name: len(cost(desk, name)) for name in REPORTS}
    world.fill(10)

    assert {name: len(cost(desk, name)) for name in REPORTS} == at_two


def cost(desk: Client, name: str) -> list[str]:
    query = {"start": "2027-01", "end": "2027-01"} if name == "renewals" else YEAR
    desk.get(address(name), query)  # content types are looked up once in a process's life
    with CaptureQueriesContext(connection) as queries:
        answer = desk.get(address(name), query)
    assert "gh-sheet" in answer.content.decode()
    every = [each["sql"] for each in queries.captured_queries]
    return [sql for sql in every if "SAVEPOINT" not in sql and "set_config" not in sql]


NONSENSE = {
    "reversed": ({"start": "2026-03", "end": "2026-01"}, "is after the last day"),
    "later this month": ({"end": "2026-06-11"}, "end in the future"),
    "future": ({"start": "2027-01", "end": "2027-02"}, "is in the future"),
    "ending in the future": ({"start": "2026-01", "end": "2026-12"}, "end in the future"),
    "impossible": ({"start": "2026-13", "end": "2026-14"}, "neither a day"),
    "words": ({"start": "yesterday"}, "neither a day"),
    "markup": ({"start": "<script>"}, "neither a day"),
    "null": ({"end": "\x00(", "start": "2026-01"}, "neither a day"),
    "far past": ({"start": "0001-01-01"}, "is out of reach"),
    "far future": ({"end": "9999-12"}, "neither a day"),
    "full-width digits": ({"start": "２０２６-０１"}, "neither a day"),
    "tier": ({"tier": "platinum"}, "There is no tier called “platinum”"),
    "cycle": ({"cycle": "weekly"}, "Known: annual, monthly"),
    "format": ({"format": "pdf"}, "CSV or XLSX"),
}


class TestBadInput:
    @pytest.mark.parametrize("why", NONSENSE)
    def test_is_answered_by_a_sentence(self, desk: Client, why: str) -> None:
        query, sentence = NONSENSE[why]

        answer = desk.get(address("payments"), query)

        assert answer.status_code == 400
        assert sentence in words(answer.content)

    def test_a_report_that_cannot_be_narrowed_down_says_so(self, desk: Client) -> None:
        answer = desk.get(address("enquiries"), {"tier": "gold"})

        assert "cannot be narrowed down by tier" in words(answer.content)

    def test_there_is_no_page_of_an_unknown_report(self, desk: Client) -> None:
        assert desk.get(address("nonsense")).status_code == 404

    @pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, "²", "99"])
    def test_a_page_that_there_is_not_is_the_nearest(self, desk: Client, number: str) -> None:
        world.whole_world()

        assert "gh-sheet" in desk.get(address("owners"), {"page": number}).content.decode()

    def test_renewals_may_lie_ahead(self, desk: Client) -> None:
        answer = desk.get(address("renewals"), {"start": "2027-01", "end": "2027-03"})

        assert answer.status_code == 200


class TestTheRange:
    @pytest.mark.parametrize("name", REPORTS)
    def test_every_ready_range_can_be_asked_for(self, desk: Client, name: str) -> None:
        opening = Page(desk.get(address(name)).content)

        statuses = [desk.get(address(name) + link).status_code for link in opening.ready]

        assert statuses == [200] * len(opening.ready)
        assert opening.chosen == 1

    def test_the_current_month_reads_so_far(self, desk: Client) -> None:
        world.whole_world()

        shown = words(desk.get(address("cash"), {"start": "2026-01", "end": "2026-06"}).content)

        assert "June so far: the last day counted is today, 10 June 2026." in shown
        assert "1–10 Jun 2026" in shown

    def test_an_end_alone_is_that_month(self, desk: Client) -> None:
        shown = words(desk.get(address("payments"), {"end": "2026-02-15"}).content)

        assert "1 February 2026 to 15 February 2026" in shown

    def test_a_start_alone_is_until_today(self, desk: Client) -> None:
        shown = words(desk.get(address("payments"), {"start": "2026-02"}).content)

        assert "1 February 2026 to 10 June 2026" in shown


class TestTheTable:
    def test_shows_the_sums_of_all_pages(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "ROWS_A_PAGE", 2)
        world.payments(world.members())

        found = Page(desk.get(address("payments"), YEAR).content)

        sums = found.table["tfoot"][0]
        assert len(found.table["tbody"]) == 2
        assert sums[0] == "7 rows"
        assert "£798" in sums

    def test_leads_on_to_the_next_page(self, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "ROWS_A_PAGE", 2)
        world.payments(world.members())
        found = Page(desk.get(address("payments"), YEAR).content)

        following = desk.get(address("payments") + found.following)

        assert "Refund" not in words(following.content)
        assert "Dora Dale" in words(following.content)

    def test_leaves_out_other_currencies_where_there_are_none(self, desk: Client) -> None:
        world.payments(world.members())

        with_euros = words(desk.get(address("payments"), YEAR).content)
        without = words(desk.get(address("payments"), {"start": "2026-04"}).content)

        assert "In another currency" in with_euros
        assert "In another currency" not in without

    def test_leads_to_what_a_row_is_about(self, desk: Client) -> None:
        world.whole_world()

        first, *_ = Page(desk.get(address("members"), YEAR).content).rows_links

        assert "Alice Ash" in words(desk.get(first).content)

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("cash", "£780"),
            ("revenue_movement", "£650"),
            ("tier_mix", "Cora Cedar"),
            ("enquiries", "Gus Guest"),
        ],
    )
    def test_leads_from_a_sum_to_its_rows(self, desk: Client, name: str, said: str) -> None:
        theirs = world.members()
        world.payments(theirs)
        world.enquiry(theirs["alice"].property, "2026-01-10 10:00")
        days = {"start": "2026-01", "end": "2026-05"}
        first, *_ = Page(desk.get(address(name), days).content).rows_links

        answer = desk.get(first)

        assert answer.status_code == 200
        assert said in words(answer.content)

    def test_shows_hostile_text_as_text(self, desk: Client) -> None:
        world.owner("Alice <script>")

        page = desk.get(address("owners"), YEAR).content.decode()

        assert "Alice &lt;script&gt;" in page

    def test_has_its_chart_described_beside_it(self, desk: Client) -> None:
        world.members()

        found = Page(desk.get(address("revenue_movement"), YEAR).content)

        assert "The table below has its figures" in found.described

    def test_has_no_chart_of_a_single_row(self, desk: Client) -> None:
        world.members()

        answer = desk.get(address("revenue_movement"), {"start": "2026-02", "end": "2026-02"})

        assert "<canvas" not in answer.content.decode()


class TestWhoSeesWhat:
    def test_each_sees_the_reports_of_what_they_may_view(self, client: Client, db: None) -> None:
        listed = words(viewer(client, EnquiryRecord).get(reverse("admin:reports")).content)

        assert "Enquiry funnel" in listed
        assert "Cash and VAT" not in listed

    def test_who_may_not_view_payments_sees_no_payments_of_owners(
        self, client: Client, db: None
    ) -> None:
        client = viewer(client, MembershipRecord)

        assert client.get(address("members")).status_code == 200
        assert client.get(address("owners")).status_code == 403

    def test_the_sidebar_leads_to_the_reports(self, desk: Client) -> None:
        assert reverse("admin:reports") in desk.get(reverse("admin:index")).content.decode()

    def test_who_may_see_none_has_neither_link_nor_list(self, client: Client, db: None) -> None:
        client = viewer(client)

        assert reverse("admin:reports") not in client.get(reverse("admin:index")).content.decode()
        assert client.get(reverse("admin:reports")).status_code == 403

    @pytest.mark.parametrize("path", [lambda: reverse("admin:reports"), lambda: address("cash")])
    def test_a_stranger_is_sent_to_log_in(
        self, client: Client, db: None, path: Callable[[], str]
    ) -> None:
        answer = client.get(path(), follow=True)

        assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))

    def test_an_owner_is_refused(self, client: Client, db: None) -> None:
        client.force_login(OwnerFactory().user)

        assert client.get(address("cash"), follow=True).status_code == 403
