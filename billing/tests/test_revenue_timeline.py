"""What a subscription was on each London day, from what was said of it. £20 a month is 24000."""

import pytest

from billing.models.revenue import EndReason
from billing.revenue.saying import kept_of
from billing.revenue.timeline import Said, check_readable
from billing.state import UnreadableSubscription
from billing.tests.revenue_histories import (
    MONTH,
    YEAR,
    discount,
    pence,
    price,
    said,
    spans,
    subscription,
    told,
)
from billing.tests.stripe_objects import at, make_item, make_older_subscription

ENDED = {"status": "canceled", "ended_at": at("2026-03-20")}
LEFT = {"cancellation_details": {"reason": "cancellation_requested"}}


class TestBeginning:
    def test_nobody_pays_before_the_first_payment(self):
        rows = told(said("2026-01-10"), paid="2026-01-13")

        assert rows == [("2026-01-13", "", "paying", 24_000)]

    def test_without_a_payment_it_counts_from_its_start_although_heard_of_later(self):
        assert told(said("2026-03-01"), paid=None) == [("2026-01-10", "", "paying", 24_000)]

    def test_a_trial_counts_nothing_until_its_first_payment(self):
        trial = said("2026-01-10", status="trialing")

        rows = told(trial, said("2026-01-24"), paid="2026-01-25")

        assert rows == [
            ("2026-01-10", "2026-01-25", "trial", 0),
            ("2026-01-25", "", "paying", 24_000),
        ]

    @pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
    def test_a_checkout_never_paid_is_nothing(self, status):
        assert told(said("2026-01-10", status=status), paid=None) == []

    def test_a_join_at_half_past_eleven_in_summer_is_of_the_next_london_day(self):
        moment = at("2026-06-30") + 11 * 3600 + 1800  # 23:30 in UTC

        rows = spans(said(moment, start_date=moment, created=moment), paid=None, until="2026-07-02")

        assert str(rows[0].starts_on) == "2026-07-01"


class TestEnding:
    def test_it_ends_when_stripe_says_however_late_we_heard(self):
        late = said("2026-05-01", **ENDED, **LEFT)

        [row] = spans(said("2026-01-10"), late)

        assert (str(row.ends_on), row.end_reason) == ("2026-03-20", EndReason.VOLUNTARY)

    def test_what_was_said_after_its_end_of_an_earlier_second_changes_nothing(self):
        late = said("2026-03-25", "evt_ended", **ENDED)

        rows = told(said("2026-01-10"), late, said("2026-03-19", quantity=2))

        assert [row[1] for row in rows] == ["2026-03-19", "2026-03-20"]

    def test_the_day_it_was_to_end_is_kept(self):
        [row] = spans(said("2026-01-10", cancel_at=at("2026-06-01")))

        assert str(row.state.leaving_on) == "2026-06-01"

    def test_a_month_past_due_it_no_longer_counts(self):
        failing = said("2026-03-10", status="past_due")

        rows = spans(said("2026-01-10"), failing)

        assert (rows[-1].state.is_at_risk, str(rows[-1].ends_on)) == (True, "2026-04-09")
        assert rows[-1].end_reason == EndReason.PAYMENT_FAILED

    def test_the_month_runs_from_the_first_failure_whatever_else_is_said(self):
        failing = [said(day, status="past_due") for day in ("2026-03-10", "2026-03-30")]

        assert str(spans(said("2026-01-10"), *failing)[-1].ends_on) == "2026-04-09"

    def test_until_then_the_day_it_will_be_stuck_is_known(self):
        failing = said("2026-03-10", status="past_due")

        row = spans(said("2026-01-10"), failing, until="2026-03-15")[-1]

        assert (row.ends_on, row.turns_at) == (None, at("2026-04-09"))


class TestPausing:
    PAUSE = {"behavior": "void", "resumes_at": at("2026-05-01")}

    def test_a_pause_ends_by_itself_when_stripe_said_so(self):
        paused = said("2026-03-10", pause_collection=self.PAUSE)

        assert [row[:3] for row in told(said("2026-01-10"), paused)] == [
            ("2026-01-10", "2026-03-10", "paying"),
            ("2026-03-10", "2026-05-01", "paused"),
            ("2026-05-01", "", "paying"),
        ]

    def test_before_that_it_says_when_it_turns(self):
        paused = said("2026-03-10", pause_collection=self.PAUSE)

        row = spans(said("2026-01-10"), paused, until="2026-04-01")[-1]

        assert (row.state.standing, row.turns_at) == ("paused", at("2026-05-01"))


class TestDiscounts:
    def worth(self, day, *sayings):
        """What it is worth a year at the end of a day; 0 while nothing runs."""
        return next(
            (pence(row) for row in spans(*sayings, until=day)[::-1] if str(row.starts_on) <= day), 0
        )

    def test_one_for_ever_always_counts(self):
        assert (
            self.worth("2027-10-01", said("2026-01-10", discounts=[discount(percent_off=25)]))
            == 18_000
        )

    def test_one_for_some_months_counts_until_its_end(self):
        three = discount(end="2026-04-10", duration="repeating", amount_off=500)

        history = [said("2026-01-10", discounts=[three])]

        assert told(*history) == [
            ("2026-01-10", "2026-04-10", "paying", 18_000),
            ("2026-04-10", "", "paying", 24_000),
        ]
        assert spans(*history, until="2026-02-01")[-1].turns_at == at("2026-04-10")

    def test_one_for_a_single_invoice_leaves_a_monthly_price_alone(self):
        once = discount(duration="once", percent_off=50)

        assert told(said("2026-01-10", discounts=[once])) == [("2026-01-10", "", "paying", 24_000)]

    def test_one_for_a_single_invoice_makes_a_year_cheaper(self):
        once = discount(duration="once", percent_off=20)
        year = {"price": price(20_000, recurring=YEAR), "period": ("2026-01-10", "2027-01-10")}

        rows = told(said("2026-01-10", discounts=[once], **year), said("2026-01-11", **year))

        assert rows == [
            ("2026-01-10", "2027-01-10", "paying", 16_000),
            ("2027-01-10", "", "paying", 20_000),
        ]

    def test_one_given_in_the_middle_of_a_year_counts_for_the_next(self):
        once = discount(start="2026-06-01", duration="once", percent_off=20)
        year = {"price": price(20_000, recurring=YEAR), "period": ("2026-01-10", "2027-01-10")}

        rows = told(said("2026-01-10", **year), said("2026-06-01", discounts=[once], **year))

        assert [(row[0], row[3]) for row in rows] == [
            ("2026-01-10", 20_000),
            ("2027-01-10", 16_000),
        ]

    def test_an_event_names_by_its_id_what_a_look_has_said(self):
        given = discount(start="2026-02-01", percent_off=50)
        seen = said("2026-02-03", "look", discounts=[given])

        rows = told(said("2026-01-10"), said("2026-02-01", discounts=["di_1"]), seen)

        assert [(row[0], row[3]) for row in rows] == [
            ("2026-01-10", 24_000),
            ("2026-02-01", 12_000),
        ]

    def test_one_of_an_item_for_a_single_invoice_is_taken_once(self):
        once = discount(duration="once", percent_off=20)
        item = make_item(
            price=price(20_000, recurring=YEAR),
            discounts=[once],
            current_period_start=at("2026-01-10"),
            current_period_end=at("2027-01-10"),
        )

        assert told(said("2026-01-10", items={"data": [item]}))[0][3] == 16_000

    def test_a_sum_off_two_items_is_taken_once(self):
        items = [make_item(id=name, price=price()) for name in ("si_1", "si_2")]

        rows = told(said("2026-01-10", items={"data": items}, discounts=[discount(amount_off=500)]))

        assert rows[0][3] == 2 * 24_000 - 6_000

    def test_all_off_is_free_of_charge(self):
        rows = told(said("2026-01-10", discounts=[discount(percent_off=100)]), paid=None)

        assert rows == [("2026-01-10", "", "complimentary", 0)]


class TestPrices:
    def test_another_currency_keeps_its_own(self):
        [row] = spans(said("2026-01-10", currency="eur"), paid=None)

        assert (row.state.currency, pence(row)) == ("eur", 24_000)

    def test_none_of_a_thing_is_free(self):
        assert told(said("2026-01-10", quantity=0))[0][2:] == ("complimentary", 0)

    def test_a_price_by_use_brings_nothing_that_could_be_known(self):
        by_use = price(None, recurring={"interval": "fortnight"})

        assert told(said("2026-01-10", price=by_use))[0][2:] == ("complimentary", 0)

    @pytest.mark.parametrize(
        ("recurring", "a_year"),
        [
            ({"interval": "month", "interval_count": 3}, 8_000),
            ({"interval": "week", "interval_count": 1}, 104_000),
            ({"interval": "day", "interval_count": 1}, 730_000),
            ({"interval": "year", "interval_count": 2}, 1_000),
            (MONTH, 24_000),
        ],
    )
    def test_every_interval_makes_a_year(self, recurring, a_year):
        assert told(said("2026-01-10", price=price(2_000, recurring=recurring)))[0][3] == a_year

    def test_vat_is_taken_out_of_a_price_that_holds_it(self):
        rates = [{"percentage": 20, "inclusive": True}]

        assert told(said("2026-01-10", pence=2_400, default_tax_rates=rates))[0][3] == 24_000

    def test_the_older_shape_of_stripes_objects_is_read_alike(self):
        older = Said(at("2026-05-12"), "evt_1", kept_of(make_older_subscription()))

        assert told(older, paid=None) == [("2026-05-12", "", "paying", 65_000)]


@pytest.mark.parametrize(
    "odd",
    [{"status": "hibernating"}, {"pence": 10**12}, {"start_date": "yesterday"}, {"quantity": -3}],
)
def test_what_has_no_rule_is_refused(odd):
    with pytest.raises(UnreadableSubscription):
        check_readable(said("2026-01-10", **odd))


def test_nothing_of_the_person_is_kept():
    person = {"id": "cus_1", "email": "olive@example.com", "name": "Olive"}
    leaving = {"reason": "cancellation_requested", "comment": "Too dear for Olive"}

    kept = kept_of(
        subscription(customer=person, cancellation_details=leaving, description="for Olive")
    )

    assert "live" not in str(kept)
