"""The home page's figures and the pages behind them: links, permissions, addresses, cost."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Cycle, Movement
from billing.models.revenue import RevenueChange, RevenueSpan, Standing
from billing.revenue.tallies import TALLIES
from billing.tests.factories import (
    MembershipFactory,
    PaymentFactory,
    ReconcileRunFactory,
)
from crm.figures.asked import month_text
from crm.figures.base import Scope
from crm.figures.cells import Cell
from crm.figures.every import FIGURES
from crm.tests.admin.figures.worlds import TODAY
from crm.tests.admin.test_queries import cost

pytestmark = pytest.mark.usefixtures("noon")


def explain(name: str, **asked: str) -> str:
    details = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"{reverse('admin:crm_figure', args=[name])}?{details}"


def board_of(browser: Client) -> dict:
    return browser.get(reverse("admin:index")).context["board"]


def cells(board: dict) -> Iterator[Cell]:
    for card in board["cards"]:
        yield from (card.main, *card.notes)
    for table in ("movements", "tiers", "renewals", "rates", "churn", "cohorts"):
        for line in board[table]:
            yield from line.cells


class TestTheHomePage:
    def test_shows_of_each_figure_what_its_page_explains(self, world: str, today: Client) -> None:
        shown = list(cells(board_of(today)))

        for cell in shown:
            scope = Scope(cell.month, TODAY, cell.details)
            assert cell.value == FIGURES[cell.figure].value(scope), cell
        assert len(shown) >= 13 * 9

    @pytest.mark.parametrize("world", ["every kind of movement"], indirect=True)
    def test_shows_every_figure_or_its_part(self, world: str, today: Client) -> None:
        """What only formulas lead to is left out."""
        shown = {cell.figure for cell in cells(board_of(today))}

        assert set(FIGURES) - shown == {"freed", "cash_flow", "due", "renewed"}

    def test_says_so_far_and_as_of_when(self, world: str, today: Client) -> None:
        ReconcileRunFactory()

        said = today.get(reverse("admin:index")).content.decode()

        assert "June 2026, so far" in said
        assert "As of 20 Jun 2026, 12:00" in said

    @pytest.mark.parametrize("world", ["every kind of movement"], indirect=True)
    def test_lists_other_currencies_apart(self, world: str, today: Client) -> None:
        assert board_of(today)["left_out"] == ["EUR 840.00"]

    @pytest.mark.parametrize("world", ["nobody"], indirect=True)
    def test_says_that_there_is_nothing_yet(self, world: str, today: Client) -> None:
        answer = today.get(reverse("admin:index"))

        assert "No membership has been paid for" in answer.content.decode()
        assert "Not enough data" in answer.content.decode()


# --- Who sees them --------------------------------------------------------------------------------


def staff(*codenames: str) -> User:
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


class TestWhoSeesThem:
    @pytest.mark.parametrize("seen", [(), ("view_payment",), ("view_membershiprecord",)], ids=str)
    @pytest.mark.parametrize("page_name", ["crm_figure", "crm_figure_csv"])
    def test_nobody_who_may_not_view_both_payments_and_memberships(
        self, db: None, client: Client, seen: tuple[str, ...], page_name: str
    ) -> None:
        client.force_login(staff(*seen))

        answer = client.get(reverse(f"admin:{page_name}", args=["mrr"]))

        assert answer.status_code == 403
        assert board_of(client) is None

    def test_whoever_may_view_both(self, db: None, client: Client) -> None:
        client.force_login(staff("view_payment", "view_membershiprecord"))

        assert client.get(reverse("admin:crm_figure", args=["mrr"])).status_code == 200
        assert board_of(client)["cards"]

    def test_no_owner_and_no_stranger(self, client: Client, alice: User) -> None:
        address = reverse("admin:crm_figure_csv", args=["cash"])
        as_stranger = client.get(address)
        client.force_login(alice)

        assert as_stranger.status_code == 302
        assert client.get(address).status_code in {302, 403}


# --- Addresses ------------------------------------------------------------------------------------


class TestAddresses:
    @pytest.mark.parametrize(
        "month",
        ["", "2026", "2026-13", "soon", "2027-01", "1900-01", "0000-00", "٢٠٢٦-٠٦"],
    )
    def test_a_month_that_is_none_becomes_the_one_that_runs(self, desk: Client, month: str) -> None:
        answer = desk.get(reverse("admin:crm_figure", args=["mrr"]), {"month": month})

        assert answer.status_code == 200
        assert answer.context["scope"].month == date(2026, 6, 1)
        assert bool(answer.context["note"]) == bool(month)

    @pytest.mark.parametrize(
        "address",
        [
            "/admin/figures/profit/",
            "/admin/figures/profit/csv/",
            "/admin/figures/movement/",
            "/admin/figures/movement/?kind=theft",
            "/admin/figures/movement/csv/?kind=theft",
            "/admin/figures/plan_count/?tier=gold",
            "/admin/figures/plan_count/?tier=gold&cycle=daily",
            "/admin/figures/tier_mrr/?tier=%00",
            "/admin/figures/tier_mrr/?tier=" + "x" * 500,
            "/admin/figures/churn/?reason=boredom",
            "/admin/figures/cohort/?cohort=2026-99",
            "/admin/figures/cohort/?month=2026-01&cohort=2026-02",
            "/admin/figures/cash_flow/?flow=",
        ],
    )
    def test_what_there_is_not_is_not_found_and_said_in_a_sentence(
        self, desk: Client, address: str
    ) -> None:
        answer = desk.get(address)

        assert answer.status_code == 404
        assert any(word in answer.content.decode() for word in ("figure", "address", "cohort"))

    @pytest.mark.parametrize("number", ["0", "-1", "many", "99999999999999999999"])
    def test_a_page_that_is_none_is_the_nearest(self, desk: Client, number: str) -> None:
        answer = desk.get(explain("mrr", page=number))

        assert answer.status_code == 200

    def test_a_tier_since_withdrawn_has_nothing_behind_it(self, desk: Client) -> None:
        answer = desk.get(explain("tier_mrr", tier="platinum"))

        assert "There is nothing behind this number" in answer.content.decode()

    def test_the_month_after_the_one_that_runs_is_not_offered(self, desk: Client) -> None:
        assert desk.get(explain("mrr")).context["after_url"] == ""
        assert desk.get(explain("mrr", month="2026-05")).context["after_url"]

    @pytest.mark.parametrize(
        ("name", "asked"),
        [("mrr", {"month": "2000-01"}), ("cohort", {"month": "2026-01", "cohort": "2026-01"})],
    )
    def test_nor_is_the_month_before_the_first(
        self, desk: Client, name: str, asked: dict[str, str]
    ) -> None:
        assert desk.get(explain(name, **asked)).context["before_url"] == ""


# --- Rows -----------------------------------------------------------------------------------------


def fill(times: int) -> None:
    """Members that are part of every figure of this month."""
    for _ in range(times):
        renews = {"renewal_date": TODAY, "billing_cycle": Cycle.ANNUAL}
        membership = MembershipFactory(owner=OwnerFactory(), **renews)
        name = membership.stripe_subscription_id
        RevenueSpan.objects.create(
            account=f"owner {membership.owner_id}",
            stripe_subscription_id=name,
            membership=membership,
            owner=membership.owner,
            starts_on=date(2026, 6, 2),
            standing=Standing.PAYING,
            annual_pence=65_000,
            currency="gbp",
            tier="silver",
            cycle="annual",
            is_at_risk=True,
            leaving_on=date(2026, 7, 1),
        )
        RevenueChange.objects.create(
            account=f"owner {membership.owner_id}",
            stripe_subscription_id=name,
            owner=membership.owner,
            day=date(2026, 6, 2),
            kind=Movement.NEW,
            before_pence=0,
            after_pence=65_000,
            amount_pence=65_000,
            cohort=date(2026, 6, 1),
        )
        year = {"period_start": date(2025, 6, 12), "period_end": date(2026, 6, 12)}
        PaymentFactory(membership=membership, **year)
    for tally in TALLIES:
        tally.make_afresh()


ASKED = {
    "mrr": {},
    "mrr_change": {},
    "members": {},
    "movement": {"kind": "new"},
    "leaving": {},
    "cash": {},
    "renewals": {"cycle": "annual"},
    "due": {},
    "cohort": {"cohort": "2026-06"},
}


@pytest.mark.parametrize("name", ASKED)
def test_a_page_costs_the_same_at_2_rows_and_at_12(desk: Client, name: str) -> None:
    address = explain(name, month=month_text(TODAY), **ASKED[name])
    fill(2)
    at_two = cost(desk, address)

    fill(10)
    at_twelve = cost(desk, address)

    assert desk.get(address).context["count"] == 12
    assert len(at_two) == len(at_twelve) <= 13, "\n".join(at_twelve)


def test_the_home_page_costs_the_same_at_2_rows_and_at_12(desk: Client) -> None:
    fill(2)
    at_two = cost(desk, reverse("admin:index"))

    fill(10)
    at_twelve = cost(desk, reverse("admin:index"))

    assert board_of(desk)["cards"][1].main.value == 12
    assert len(at_two) == len(at_twelve), "\n".join(at_twelve)


def test_the_list_of_memberships_sums_what_the_figures_count(desk: Client) -> None:
    fill(2)

    answer = desk.get(reverse("admin:crm_membershiprecord_changelist"))

    assert answer.context["revenue"] == desk.get(explain("mrr")).context["value"] == "£108.33"


class TestRows:
    @pytest.fixture(autouse=True)
    def three(self, noon: None, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("crm.figures.pages.PAGE_ROWS", 2)
        fill(3)

    def test_stand_on_pages_and_the_sum_is_of_all(self, desk: Client) -> None:
        answer = desk.get(explain("mrr", page="2"))

        assert len(answer.context["lines"]) == 1
        assert answer.context["totals"][-1] == "£1,950"
        assert "the sum is of all pages" in answer.content.decode()

    def test_lead_to_the_contact_and_the_membership(self, desk: Client) -> None:
        member, plan, *_ = desk.get(explain("mrr")).context["lines"][0]

        assert [desk.get(cell["url"]).status_code for cell in (member, plan)] == [200, 200]

    def test_lead_to_the_payment(self, desk: Client) -> None:
        line = desk.get(explain("cash")).context["lines"][0]

        assert desk.get(line[1]["url"]).status_code == 200

    def test_say_so_if_they_do_not_make_the_number(self, desk: Client) -> None:
        RevenueSpan.objects.update(annual_pence=1)

        answer = desk.get(explain("mrr"))

        assert "The rows do not make the number" in answer.content.decode()

    def test_no_name_is_a_formula_in_the_file(self, desk: Client) -> None:
        User.objects.filter(owner__isnull=False).update(first_name="=HYPERLINK(1)", last_name="")

        answer = desk.get(reverse("admin:crm_figure_csv", args=["mrr"]))

        assert b"'=HYPERLINK" in b"".join(answer.streaming_content)
