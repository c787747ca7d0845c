"""What may be changed and when, without Stripe: the tables of docs/subscriptions.md."""

import datetime

import pytest

from accounts.london import day_of_timestamp
from billing import changing
from billing.membership_card import card_of
from billing.models import Cycle, MembershipStatus, ScheduledChange
from billing.tests.factories import MembershipFactory, PlanFactory, TierFactory
from billing.tests.stripe_objects import at, make_item, make_price, make_subscription

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 6, 1)
MONTHLY = {"interval": "month", "interval_count": 1}


class TestWhen:
    @pytest.mark.parametrize(
        ("before", "after", "at_once"),
        [
            ("silver annual", "gold annual", True),
            ("silver monthly", "gold monthly", True),
            ("silver monthly", "silver annual", True),
            ("silver monthly", "gold annual", True),
            ("silver annual", "bronze annual", False),
            ("silver annual", "silver monthly", False),
            ("silver annual", "gold monthly", False),
            ("silver monthly", "bronze annual", False),
        ],
    )
    def test_upwards_is_at_once_and_downwards_waits(self, before, after, at_once):
        (tier, cycle), (wanted, other) = before.split(), after.split()
        membership = MembershipFactory(tier__code=tier, billing_cycle=cycle)
        plan = PlanFactory(tier__code=wanted, cycle=other)

        assert changing.is_at_once(membership, plan) is at_once


class TestEndOfCommitment:
    def monthly(self, start, month_ends, anchor=None):
        item = make_item(
            price=make_price(recurring=MONTHLY),
            current_period_start=at(start),
            current_period_end=at(month_ends),
        )
        return make_subscription(
            start_date=at(start), billing_cycle_anchor=at(anchor or start), items={"data": [item]}
        )

    @pytest.mark.parametrize(
        ("start", "month_ends", "ends"),
        [
            ("2026-05-12", "2026-06-12", "2027-05-12"),
            ("2026-05-12", "2027-04-12", "2027-05-12"),
            ("2026-01-31", "2026-02-28", "2027-01-31"),
            ("2024-02-29", "2024-03-29", "2025-02-28"),
        ],
    )
    def test_it_is_twelve_months_after_the_start(self, start, month_ends, ends):
        subscription = self.monthly(start, month_ends)

        assert day_of_timestamp(changing.end_of_commitment(subscription)) == (
            datetime.date.fromisoformat(ends)
        )

    @pytest.mark.parametrize("month_ends", ["2027-05-12", "2027-06-12", "2029-01-12"])
    def test_once_they_are_over_the_month_counts(self, month_ends):
        subscription = self.monthly("2026-05-12", month_ends)

        assert changing.end_of_commitment(subscription) is None
        assert changing.last_day(subscription) == datetime.date.fromisoformat(month_ends)

    def test_where_the_months_begin_on_another_day_a_begun_one_is_used_up(self):
        subscription = self.monthly("2026-05-12", "2026-07-20", anchor="2026-06-20")

        assert day_of_timestamp(changing.end_of_commitment(subscription)) == (
            datetime.date(2027, 5, 20)
        )

    def test_a_year_has_none_beyond_itself(self):
        assert changing.end_of_commitment(make_subscription()) is None


class TestCard:
    def card(self, **fields):
        return card_of(MembershipFactory(**fields), today=TODAY)

    def labels(self, card):
        return [action.label for action in card.actions]

    def test_an_active_one_says_the_next_charge_with_vat(self):
        charge = self.card(next_payment_date=datetime.date(2027, 1, 10)).charge

        assert (charge.net_pence, charge.vat_pence, charge.gross_pence) == (65_000, 13_000, 78_000)
        assert charge.day == datetime.date(2027, 1, 10)

    def test_one_on_hold_promises_no_charge(self):
        card = self.card(next_payment_date=None)

        assert card.is_on_hold
        assert card.charge is None

    def test_a_planned_change_is_charged_from_its_day_on(self):
        membership = MembershipFactory(next_payment_date=datetime.date(2027, 1, 10))
        ScheduledChange.objects.create(
            membership=membership,
            tier=TierFactory(code="bronze"),
            billing_cycle=Cycle.ANNUAL,
            net_pence=45_000,
            vat_pence=9_000,
            starts_on=datetime.date(2027, 1, 10),
        )

        card = card_of(membership, today=TODAY)

        assert card.charge.gross_pence == 54_000
        assert self.labels(card) == ["Change plan", "Drop the planned change", "Cancel"]

    def test_one_whose_payment_fails_says_the_next_try_and_why_nothing_else(self):
        card = self.card(
            status=MembershipStatus.PAST_DUE, next_payment_date=datetime.date(2026, 6, 4)
        )

        assert (card.charge.text, card.charge.day) == ("Next try", datetime.date(2026, 6, 4))
        assert self.labels(card) == ["Cancel"]
        assert "change your card first" in card.reason

    def test_one_that_was_cancelled_while_its_payment_fails_can_be_kept(self):
        card = self.card(status=MembershipStatus.PAST_DUE, auto_renew=False)

        assert card.is_ending
        assert self.labels(card) == ["Keep it"]

    def test_a_year_that_ends_charges_nothing_and_can_be_kept(self):
        card = self.card(status=MembershipStatus.EXPIRING_SOON)

        assert card.charge is None
        assert self.labels(card) == ["Keep it"]

    def test_a_month_that_ends_with_its_twelve_is_charged_until_then(self):
        card = self.card(
            status=MembershipStatus.EXPIRING_SOON,
            billing_cycle=Cycle.MONTHLY,
            end_date=datetime.date(2026, 11, 1),
        )

        assert (card.charge.day, card.charge.gross_pence) == (None, 78_000)

    def test_one_that_ended_offers_nothing(self):
        card = self.card(status=MembershipStatus.EXPIRED)

        assert (card.charge, card.actions) == (None, [])
