import datetime
import json

import pytest

from billing.models import Membership
from billing.state import UnknownStatus, UnreadableSubscription, membership_state
from billing.tests.stripe_objects import (
    at,
    make_invoice,
    make_item,
    make_older_subscription,
    make_price,
    make_subscription,
)

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
IN_A_YEAR = datetime.date(2027, 5, 12)
CANCELED = {"status": "canceled", "ended_at": at("2026-05-20"), "canceled_at": at("2026-05-15")}


def ended_because(reason):
    return {**CANCELED, "cancellation_details": {"reason": reason}}


def state_of(*invoices, was_member=False, **fields):
    return membership_state(make_subscription(**fields), list(invoices), NOW, was_member=was_member)


# Stripe's fields -> our status, and whether it counts in MRR. The S numbers are the worked cases.
STATUS_CASES = {
    "S01 plain": ({}, "active", True),
    "S02 classic scheduled cancel": (
        {"cancel_at_period_end": True, "cancel_at": at("2027-05-12")},
        "expiring_soon",
        True,
    ),
    "the flag alone": ({"cancel_at_period_end": True}, "expiring_soon", True),
    "portal cancel: only cancel_at": ({"cancel_at": at("2027-05-12")}, "expiring_soon", True),
    "trial": ({"status": "trialing"}, "active", False),
    "trial that will end": (
        {"status": "trialing", "cancel_at_period_end": True},
        "expiring_soon",
        False,
    ),
    "past due": ({"status": "past_due"}, "past_due", True),
    "past due and leaving": (
        {"status": "past_due", "cancel_at": at("2027-05-12")},
        "past_due",
        True,
    ),
    "unpaid": ({"status": "unpaid"}, "expired", False),
    "paused": ({"status": "paused"}, "expired", False),
    "S10 not paid": (ended_because("payment_failed"), "expired", False),
    "S11 disputed": (ended_because("payment_disputed"), "expired", False),
    "asked to leave": (ended_because("cancellation_requested"), "cancelled", False),
    "S17 newer reason": (ended_because("canceled_by_retention_policy"), "cancelled", False),
    "a reason of the future": (ended_because("bored"), "cancelled", False),
    "no reason": ({**CANCELED, "cancellation_details": None}, "cancelled", False),
    "S16 on hold": (
        {"pause_collection": {"behavior": "void", "resumes_at": None}},
        "active",
        False,
    ),
    "hold that is over": (
        {"pause_collection": {"behavior": "void", "resumes_at": at("2026-05-31")}},
        "active",
        True,
    ),
}


@pytest.mark.parametrize(
    ("fields", "status", "counts"), STATUS_CASES.values(), ids=STATUS_CASES.keys()
)
def test_stripe_fields_decide_status_and_mrr(fields, status, counts):
    state = state_of(**fields)

    assert (state.status, state.counts_in_mrr) == (status, counts)


class TestCheckoutThatWasNeverPaid:
    @pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
    def test_it_makes_no_member(self, status):
        assert state_of(status=status) is None

    def test_s14_it_expires_a_member_that_was_there(self):
        assert state_of(status="incomplete_expired", was_member=True).status == "expired"


def test_an_unknown_status_is_never_taken_for_active():
    with pytest.raises(UnknownStatus, match="hibernating"):
        state_of(status="hibernating")


def test_a_price_without_a_fixed_amount_cannot_be_read():
    item = make_item(price=make_price(unit_amount=None))

    with pytest.raises(UnreadableSubscription, match="price_1"):
        state_of(items={"data": [item]})


def test_both_api_shapes_give_the_same_state():
    invoices = [make_invoice()]

    older = membership_state(make_older_subscription(), invoices, NOW)

    assert older == membership_state(make_subscription(), invoices, NOW)


def test_every_column_exists_on_the_membership():
    fields = {field.name for field in Membership._meta.get_fields()}

    assert set(state_of().columns()) <= fields


class TestDays:
    def test_a_running_membership_is_paid_to_the_end_of_its_period(self):
        state = state_of(make_invoice())

        assert (state.end_date, state.renewal_date) == (IN_A_YEAR, IN_A_YEAR)
        assert (state.next_payment_date, state.auto_renew) == (IN_A_YEAR, True)

    @pytest.mark.parametrize(
        ("resumes", "charged"),
        [(None, None), ("2030-01-01", None), ("2026-06-20", IN_A_YEAR)],
    )
    def test_what_is_on_hold_at_its_renewal_is_not_charged_then(self, resumes, charged):
        hold = {"behavior": "void", "resumes_at": at(resumes) if resumes else None}

        state = state_of(make_invoice(), pause_collection=hold)

        assert (state.renewal_date, state.next_payment_date) == (IN_A_YEAR, charged)

    def test_a_leaving_one_ends_without_a_renewal(self):
        state = state_of(cancel_at=at("2026-09-01"), canceled_at=at("2026-06-01"))

        assert (state.end_date, state.renewal_date) == (datetime.date(2026, 9, 1), None)
        assert (state.auto_renew, state.next_payment_date) == (False, None)
        assert state.cancelled_date == datetime.date(2026, 6, 1)

    def test_an_ended_one_ended_when_stripe_says_not_when_it_was_asked_to(self):
        state = state_of(**ended_because("cancellation_requested"))

        assert state.end_date == datetime.date(2026, 5, 20)
        assert state.cancelled_date == datetime.date(2026, 5, 15)

    def test_a_lapse_is_nobodys_cancellation(self):
        assert state_of(**ended_because("payment_failed")).cancelled_date is None

    def test_a_past_due_one_is_paid_only_to_the_end_of_its_last_paid_period(self):
        moved_on = make_item(
            current_period_start=at("2027-05-12"), current_period_end=at("2028-05-12")
        )

        state = state_of(make_invoice(), status="past_due", items={"data": [moved_on]})

        assert state.end_date == IN_A_YEAR

    def test_days_are_london_days(self):
        just_before_midnight_utc = at("2026-06-30") + 11 * 3600 + 1800

        assert state_of(start_date=just_before_midnight_utc).start_date == datetime.date(2026, 7, 1)


class TestPayments:
    def test_the_newest_paid_invoice_is_the_last_payment(self):
        older = make_invoice(paid="2025-05-12", amount_paid=54_000)

        state = state_of(older, make_invoice(paid="2026-05-13"))

        assert state.last_payment_date == datetime.date(2026, 5, 13)
        assert state.last_payment_amount_pence == 78_000

    def test_an_invoice_over_nothing_is_no_payment(self):
        state = state_of(make_invoice(total=0, total_excluding_tax=0, amount_paid=0))

        assert (state.last_payment_date, state.last_payment_amount_pence) == (None, None)

    @pytest.mark.parametrize("leaving", [{}, {"cancel_at": at("2027-05-12")}])
    def test_failures_count_while_the_invoice_is_owed(self, leaving):
        owed = make_invoice(paid=None, attempt_count=3, next_payment_attempt=at("2026-06-04"))

        state = state_of(owed, status="past_due", **leaving)

        assert state.payment_failure_count == 3
        assert state.next_payment_date == datetime.date(2026, 6, 4)

    def test_a_recovered_invoice_counts_no_failures(self):
        assert state_of(make_invoice(attempt_count=3)).payment_failure_count == 0

    def test_an_invoice_that_was_not_tried_yet_has_not_failed(self):
        waiting = make_invoice(paid=None, attempted=False, attempt_count=0)

        assert state_of(waiting).payment_failure_count == 0


class TestPrice:
    def test_vat_comes_on_top_at_the_subscriptions_rate(self):
        state = state_of()

        assert (state.net_pence, state.vat_pence) == (65_000, 13_000)

    def test_an_items_own_rate_goes_before_the_subscriptions(self):
        item = make_item(tax_rates=[{"percentage": "5.0", "inclusive": False}])

        assert state_of(items={"data": [item]}).vat_pence == 3_250

    def test_an_inclusive_rate_is_taken_out_of_the_price(self):
        rates = [{"percentage": 20, "inclusive": True}]

        state = state_of(default_tax_rates=rates)

        assert (state.net_pence, state.vat_pence) == (54_167, 10_833)

    def test_vat_is_rounded_half_up(self):
        item = make_item(
            price=make_price(unit_amount=4_999),
            tax_rates=[{"percentage": 17.5, "inclusive": False}],
        )

        assert state_of(items={"data": [item]}).vat_pence == 875

    def test_without_a_rate_the_newest_invoice_says_the_vat(self):
        half_a_year = make_invoice(total=39_000, total_excluding_tax=32_500)

        assert state_of(half_a_year, default_tax_rates=[]).vat_pence == 13_000

    def test_without_rate_and_invoice_there_is_no_vat(self):
        assert state_of(default_tax_rates=[]).vat_pence == 0

    def test_quantity_multiplies(self):
        assert state_of(items={"data": [make_item(quantity=2)]}).net_pence == 130_000

    def test_a_quantity_of_nothing_costs_nothing(self):
        assert state_of(items={"data": [make_item(quantity=0)]}).net_pence == 0


def test_stripes_own_example_objects_can_be_read(stripe_fixtures_file):
    examples = json.loads(stripe_fixtures_file.read_text())["resources"]
    in_pounds = examples["subscription"] | {"currency": "gbp"}  # Stripe's is in dollars

    state = membership_state(in_pounds, [examples["invoice"]], NOW)

    assert (state.status, state.on_hold, state.net_pence) == ("expiring_soon", True, 2_000)
