"""What each report says of the small world, against figures worked out by hand."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from billing.models import ScheduledChange
from billing.models.revenue import RevenueChange, RevenueSpan
from billing.tests.factories import PaymentFactory
from crm.reports.registry import REPORTS
from crm.reports.table import totals
from crm.tests.reports import world

pytestmark = pytest.mark.django_db

START, END = date(2026, 1, 1), date(2026, 6, 1)  # five whole months


def rows(name: str, start: date = START, end: date = END, **narrowed: str) -> list[dict[str, Any]]:
    return list(REPORTS[name].rows(start=start, end=end, **narrowed))


def column(found: list[dict[str, Any]], *names: str) -> list[Any]:
    values = [tuple(row[name] for name in names) for row in found]
    return [value[0] for value in values] if len(names) == 1 else values


class TestRevenueMovement:
    def test_goes_from_each_months_opening_to_its_closing(self) -> None:
        world.members()

        found = rows("revenue_movement")

        assert [str(row["period"]) for row in found] == [
            "Jan 2026",
            "Feb 2026",
            "Mar 2026",
            "Apr 2026",
            "May 2026",
        ]
        assert column(found, "opening") == [0, 65_000, 119_000, 217_000, 163_000]
        assert column(found, "new") == [65_000, 54_000, 78_000, 0, 0]
        assert column(found, "expansion") == [0, 0, 20_000, 0, 0]
        assert column(found, "churn") == [0, 0, 0, -54_000, 0]
        assert column(found, "closing") == [65_000, 119_000, 217_000, 163_000, 163_000]
        assert column(found, "joined", "left") == [(1, 0), (1, 0), (1, 0), (0, 1), (0, 0)]
        assert column(found, "mrr") == [5_417, 9_917, 18_083, 13_583, 13_583]

    def test_of_part_of_a_month_counts_its_days_alone(self) -> None:
        world.members()

        found = rows("revenue_movement", date(2026, 3, 6), date(2026, 3, 16))

        assert column(found, "opening", "new", "expansion", "closing") == [
            (139_000, 78_000, 0, 217_000)
        ]
        assert str(found[0]["period"]) == "6–15 Mar 2026"


class TestEachMovement:
    def test_is_an_owner_and_a_day(self) -> None:
        world.members()

        found = rows("revenue_changes")

        assert column(found, "owner", "kind", "before", "after", "difference", "reason") == [
            ("Alice Ash", "New", 0, 65_000, 65_000, None),
            ("Ben Birch", "New", 0, 54_000, 54_000, None),
            ("Alice Ash", "Expansion", 65_000, 85_000, 20_000, None),
            ("Cora Cedar", "New", 0, 78_000, 78_000, None),
            ("Ben Birch", "Churn", 54_000, 0, -54_000, "Left"),
        ]

    def test_adds_up_to_what_the_months_moved(self) -> None:
        world.members()
        months = rows("revenue_movement")

        part = REPORTS["revenue_changes"].part(0, 10, start=START, end=END)

        assert part.totals["difference"] == months[-1]["closing"] - months[0]["opening"]


class TestCash:
    def test_of_each_month_is_what_moved_in_it_in_london(self) -> None:
        world.payments(world.members())

        found = rows("cash", end=date(2026, 5, 1))

        assert column(found, "invoiced_net", "invoiced_vat", "invoiced") == [
            (65_000, 13_000, 78_000),
            (4_500, 900, 5_400),
            (4_500, 900, 5_400),
            (0, 0, 0),
        ]
        assert column(found, "refunded", "credited", "disputed") == [
            (0, 0, 0),
            (0, 0, 0),
            (-5_400, 0, 0),
            (0, -1_200, -2_400),
        ]
        assert column(found, "net", "vat", "gross") == [
            (65_000, 13_000, 78_000),
            (4_500, 900, 5_400),
            (0, 0, 0),
            (-3_000, -600, -3_600),
        ]
        assert column(found, "fees", "after_fees", "fees_unknown") == [
            (1_190, 76_810, 0),
            (101, 5_299, 0),
            (0, 0, 1),
            (2_000, -5_600, 0),
        ]

    def test_adds_no_other_currency(self) -> None:
        world.payments(world.members())

        assert column(rows("cash"), "elsewhere") == [None, "EUR 400.00", None, None, None]

    def test_of_a_cycle_is_that_of_its_memberships(self) -> None:
        world.payments(world.members())

        found = rows("cash", cycle="monthly")

        assert column(found, "gross") == [0, 5_400, 0, 0, 0]


class TestPayments:
    def test_are_listed_as_the_money_moved(self) -> None:
        world.payments(world.members())

        found = rows("payments")

        assert column(found, "owner", "kind", "gross", "fee", "after_fee") == [
            ("Alice Ash", "Invoice paid", 78_000, 1_190, 76_810),
            ("Ben Birch", "Invoice paid", 5_400, 101, 5_299),
            ("Dora Dale", "Invoice paid", None, None, None),
            ("Ben Birch", "Invoice paid", 5_400, None, 5_400),
            ("Ben Birch", "Refund", -5_400, 0, -5_400),
            ("Alice Ash", "Credit note", -1_200, 0, -1_200),
            ("Alice Ash", "Dispute", -2_400, 2_000, -4_400),
        ]
        assert found[2]["elsewhere"] == "EUR 400.00"

    def test_add_up_to_the_cash_of_the_same_days(self) -> None:
        world.payments(world.members())
        listed, by_month = REPORTS["payments"], REPORTS["cash"]

        of_rows = totals(listed.columns, rows("payments"))
        of_months = totals(by_month.columns, rows("cash"))

        assert (of_rows["net"], of_rows["vat"], of_rows["gross"], of_rows["fee"]) == (
            of_months["net"],
            of_months["vat"],
            of_months["gross"],
            of_months["fees"],
        )

    def test_of_a_tier_are_those_of_its_memberships(self) -> None:
        world.payments(world.members())

        assert column(rows("payments", tier="bronze"), "owner") == ["Ben Birch"] * 3

    def test_keep_the_name_of_an_erased_owner(self) -> None:
        PaymentFactory(
            membership=None,
            owner=None,
            owner_name="Alice Ash",
            stripe_customer_id="cus_erased",
            paid_at=world.at("2026-01-10 10:00"),
        )

        assert column(rows("payments"), "owner") == ["Alice Ash"]


class TestMembershipList:
    def test_shows_who_was_a_member_at_the_end_of_the_day(self) -> None:
        world.members()

        found = rows("members")

        assert column(found, "owner", "house", "plan", "cycle", "annual", "mrr") == [
            ("Alice Ash", "Alice Hall", "Gold", "Yearly", 85_000, 7_083),
            ("Cora Cedar", "Cora Hall", "Silver", "Monthly", 78_000, 6_500),
            ("Dora Dale", "Dora Hall", "Gold", "Yearly", None, None),
        ]
        assert column(found, "at_risk", "leaving_on") == [
            ("Yes", None),
            (None, date(2026, 6, 1)),
            (None, None),
        ]
        assert found[2]["elsewhere"] == "EUR 400.00 a year"

    def test_shows_the_members_of_a_past_day_as_they_were(self) -> None:
        world.members()

        found = rows("members", end=date(2026, 3, 11))

        assert column(found, "owner", "standing", "annual", "at_risk") == [
            ("Alice Ash", "Paying", 85_000, None),
            ("Ben Birch", "Paying", 54_000, None),
            ("Cora Cedar", "On trial", 0, None),
            ("Dora Dale", "Paying", None, None),
        ]

    def test_adds_up_to_the_closing_of_the_movement(self) -> None:
        world.members()

        part = REPORTS["members"].part(0, 10, start=END, end=END)

        assert part.totals == {"annual": 163_000, "mrr": 13_583}

    def test_is_narrowed_down_to_a_tier_and_a_cycle(self) -> None:
        world.members()

        assert column(rows("members", tier="gold", cycle="annual"), "owner") == [
            "Alice Ash",
            "Dora Dale",
        ]


class TestTierMix:
    def test_shows_what_each_tier_and_cycle_brings_in(self) -> None:
        world.members()

        found = rows("tier_mix")

        names = ("plan", "cycle", "members", "subscriptions", "annual", "mrr", "at_risk", "leaving")
        assert column(found, *names) == [
            ("Silver", "Monthly", 1, 1, 78_000, 6_500, 0, 78_000),
            ("Gold", "Yearly", 1, 1, 85_000, 7_083, 85_000, 0),
        ]

    def test_hides_shares_of_few(self) -> None:
        world.members()

        assert column(rows("tier_mix"), "share") == [None, None]

    def test_shows_shares_of_thirty(self) -> None:
        one = world.membership(world.owner("Alice Ash"), "silver")
        for index in range(30):
            one.stripe_subscription_id = f"sub_{index}"
            world.span(one, "2026-01-10", 65_000, tier="gold" if index < 10 else "silver")

        assert column(rows("tier_mix"), "plan", "share") == [
            ("Silver", Fraction(2, 3)),
            ("Gold", Fraction(1, 3)),
        ]


class TestFailedPayments:
    def test_are_recovered_lost_or_still_failing(self) -> None:
        world.failures(world.members())

        found = rows("failed_payments")

        assert column(found, "owner", "became", "owed", "recovered", "lost", "open") == [
            ("Alice Ash", "Recovered", 78_000, 78_000, None, None),
            ("Ben Birch", "Lost", 5_400, None, 5_400, None),
            ("Alice Ash", "Still failing", 102_000, None, None, 102_000),
        ]
        assert found[1]["why"] == "The card has expired"

    def test_say_how_many_of_the_settled_were_recovered(self) -> None:
        world.failures(world.members())

        notes = REPORTS["failed_payments"].notes(start=START, end=END)

        assert notes == ["Recovered: 1 of 2 that are settled."]

    def test_without_any_settled_have_no_rate(self) -> None:
        notes = REPORTS["failed_payments"].notes(start=START, end=END)

        assert notes == ["Recovery rate: not enough data, nothing of these days is settled."]


class TestRenewalsDue:
    def test_are_charged_what_the_membership_becomes(self) -> None:
        alice = world.membership(
            world.owner("Alice Ash"),
            "gold",
            renewal_date=date(2026, 7, 1),
            net_pence=85_000,
            vat_pence=17_000,
        )
        change_to(alice, "silver", 65_000)

        found = rows("renewals", date(2026, 7, 1), date(2026, 7, 2))

        assert column(found, "day", "plan", "becomes", "net", "vat", "gross") == [
            (date(2026, 7, 1), "Gold", "Silver yearly", 65_000, 13_000, 78_000)
        ]

    def test_leave_out_who_is_cancelled_and_other_days(self) -> None:
        day = date(2026, 7, 1)
        leaving = {"renewal_date": day, "auto_renew": False, "status": "expiring_soon"}
        world.membership(world.owner("Alice Ash"), "gold", **leaving)
        world.membership(world.owner("Ben Birch"), "gold", renewal_date=date(2026, 7, 2))

        assert rows("renewals", day, date(2026, 7, 2)) == []


def change_to(membership: Any, tier: str, net: int) -> None:
    ScheduledChange.objects.create(
        membership=membership,
        tier=world.TierFactory(code=tier),
        billing_cycle="annual",
        net_pence=net,
        vat_pence=net // 5,
        starts_on=membership.renewal_date,
    )


class TestCohorts:
    def test_follow_who_joined_in_a_month(self) -> None:
        world.members()

        found = rows("cohorts")

        after = [f"after_{k}" for k in range(6)]
        assert column(found, "joined", *after) == [
            (1, 1, 1, 1, 1, 1, None),
            (1, 1, 1, 0, 0, None, None),
            (1, 1, 1, 1, None, None, None),
            (0, 0, 0, None, None, None, None),
            (0, 0, None, None, None, None, None),
        ]

    def test_count_who_came_back_again(self) -> None:
        one = world.membership(world.owner("Alice Ash"), "silver")
        world.span(one, "2026-01-10", 65_000, "2026-02-10", end_reason="voluntary")
        world.span(one, "2026-03-10", 65_000)
        world.derive_changes()

        found = rows("cohorts", end=date(2026, 4, 1))

        assert column(found[:1], "after_0", "after_1", "after_2") == [(1, 0, 1)]


class TestEnquiryFunnel:
    def test_counts_what_reached_an_owner_and_how_fast_it_was_answered(self) -> None:
        house = world.PropertyFactory(live=True)
        for hours in range(1, 11):
            world.enquiry(
                house, "2026-03-02 00:00", f"2026-03-02 {hours:02d}:00", status="contacted"
            )
        world.enquiry(house, "2026-03-02 00:00", status="new")
        world.enquiry(house, "2026-03-02 00:00", "2026-03-04 00:00", status="converted")
        lost = {"status": "lost", "lost_reason": "Too dear"}
        world.enquiry(house, "2026-04-02 00:00", "2026-04-02 03:00", **lost)
        world.enquiry(house, "2026-04-02 00:00", status="spam")
        world.enquiry(house, "2026-04-02 00:00", quarantine_reason="Ten links")

        found = rows("enquiries", date(2026, 3, 1), date(2026, 5, 1))

        names = ("received", "answered", "unanswered", "converted", "lost", "apart")
        assert column(found, *names) == [(12, 11, 1, 1, 0, 0), (1, 1, 0, 0, 1, 2)]
        # Of 11 answers after 1 … 10 and 48 hours the sixth is in the middle, and ten are nine
        # tenths of them or more.
        assert column(found, "median", "ninetieth") == [(6, 10), (3, 3)]

    def test_of_a_month_without_an_answer_has_no_time(self) -> None:
        world.enquiry(world.PropertyFactory(live=True), "2026-03-02 00:00")

        found = rows("enquiries", date(2026, 3, 1), date(2026, 4, 1))

        assert column(found, "received", "median", "ninetieth") == [(1, None, None)]


class TestOwnerActivity:
    def test_shows_what_an_owner_did_in_these_days(self) -> None:
        alice = world.membership(world.owner("Alice Ash", phone="+44 1632 960001"), "gold")
        world.enquiry(alice.property, "2026-03-02 10:00", "2026-03-02 12:00", status="contacted")
        world.enquiry(alice.property, "2026-03-03 10:00", "2026-03-03 14:00", status="contacted")
        world.enquiry(alice.property, "2026-03-04 10:00")
        world.enquiry(alice.property, "2026-02-04 10:00")
        world.paid(alice, "2026-03-05 10:00", 65_000)
        world.paid(alice, "2026-02-05 10:00", 65_000)
        world.spoken(alice.owner, "2026-03-21 10:00")
        world.spoken(alice.owner, "2026-03-25 10:00", "note")

        found = rows("owners", date(2026, 3, 1), date(2026, 4, 1))

        names = ("owner", "phone", "houses", "live", "enquiries", "answered", "response", "paid")
        assert column(found, *names) == [("Alice Ash", "+44 1632 960001", 1, 1, 3, 2, 3, 78_000)]
        assert column(found, "days_since", "last_login") == [(10, None)]

    def test_shows_an_owner_who_did_nothing(self) -> None:
        world.owner("Alice Ash")

        found = rows("owners")

        names = ("houses", "enquiries", "response", "paid", "last_contact", "days_since")
        assert column(found, *names) == [(0, 0, None, 0, None, None)]


@pytest.mark.parametrize("name", REPORTS)
class TestEveryReport:
    def test_has_no_rows_where_nothing_is_known(self, name: str) -> None:
        assert rows(name) == []

    def test_shows_a_page_of_what_it_lists(self, name: str) -> None:
        world.whole_world()
        report = REPORTS[name]
        every = rows(name, end=date(2027, 6, 1))

        part = report.part(1, 2, start=START, end=date(2027, 6, 1))

        sums = totals(report.columns, every)
        assert (part.rows, part.count) == (every[1:3], len(every))
        assert {key: part.totals[key] for key in sums} == sums

    def test_makes_its_rows_one_by_one(self, name: str) -> None:
        assert iter(found := REPORTS[name].rows(start=START, end=END)) is found


def test_the_world_is_as_the_engine_would_keep_it() -> None:
    world.members()

    assert (RevenueSpan.objects.count(), RevenueChange.objects.count()) == (7, 5)
