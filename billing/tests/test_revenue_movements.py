"""How an owner's recurring revenue moved. £20 a month is 24000 pence a year."""

import pytest

from billing.models.revenue import GAINS
from billing.revenue.movements import moves_of
from billing.tests.revenue_histories import discount, price, said, spans
from billing.tests.stripe_objects import at

HELD = {"behavior": "void", "resumes_at": None}
FREE = [discount(start="2026-03-10", percent_off=100)]


def begun(day, **fields):
    return said(day, start_date=at(day), created=at(day), **fields)


def ended(day, reason="cancellation_requested", **fields):
    why = {"cancellation_details": {"reason": reason}}
    return said(day, status="canceled", ended_at=at(day), **why, **fields)


def moves(*histories):
    each = {f"sub_{n}": spans(*history, paid=None) for n, history in enumerate(histories, 1)}
    return moves_of(each)


def told(*histories):
    return [(str(move.day), str(move.kind), move.amount) for move in moves(*histories)]


JOINED = ("2026-01-10", "new", 24_000)
KINDS = {
    "a higher price is expansion": (
        [begun("2026-01-10"), said("2026-03-10", pence=4000)],
        ("2026-03-10", "expansion", 24_000),
    ),
    "a lower price is contraction": (
        [begun("2026-01-10"), said("2026-03-10", pence=1500)],
        ("2026-03-10", "contraction", 6_000),
    ),
    "an end is churn": (
        [begun("2026-01-10"), ended("2026-03-10")],
        ("2026-03-10", "churn", 24_000),
    ),
    "retries that ran out are churn": (
        [begun("2026-01-10"), said("2026-03-10", status="unpaid")],
        ("2026-03-10", "churn", 24_000),
    ),
    "a pause is no churn": (
        [begun("2026-01-10"), said("2026-03-10", pause_collection=HELD)],
        ("2026-03-10", "paused", 24_000),
    ),
    "free of charge is contraction": (
        [begun("2026-01-10"), said("2026-03-10", discounts=FREE)],
        ("2026-03-10", "contraction", 24_000),
    ),
}


@pytest.mark.parametrize(("history", "move"), KINDS.values(), ids=KINDS)
def test_each_kind(history, move):
    assert told(history) == [JOINED, move]


def test_going_on_after_a_pause_is_resumed():
    paused = said("2026-03-10", pause_collection=HELD)

    assert told([begun("2026-01-10"), paused, said("2026-04-10")])[2] == (
        "2026-04-10",
        "resumed",
        24_000,
    )


def test_a_first_payment_after_a_held_trial_is_new():
    held = begun("2026-01-10", status="trialing", pause_collection=HELD)

    assert told([held, said("2026-02-10")]) == [("2026-02-10", "new", 24_000)]


def test_a_paused_member_who_leaves_moves_nothing_more():
    paused = said("2026-03-10", pause_collection=HELD)

    assert [kind for _, kind, _ in told([begun("2026-01-10"), paused, ended("2026-04-10")])] == [
        "new",
        "paused",
    ]


def test_another_subscription_after_an_end_is_reactivation():
    first = [begun("2026-01-10"), ended("2026-03-10")]

    assert told(first, [begun("2026-05-10", pence=4000)])[2] == (
        "2026-05-10",
        "reactivation",
        48_000,
    )


def test_a_second_subscription_is_expansion_and_its_end_contraction():
    second = [begun("2026-02-10", pence=1000), ended("2026-04-10", pence=1000)]

    assert told([begun("2026-01-10")], second) == [
        JOINED,
        ("2026-02-10", "expansion", 12_000),
        ("2026-04-10", "contraction", 12_000),
    ]


def test_an_end_and_a_beginning_on_one_day_are_a_switch():
    first = [begun("2026-01-10"), ended("2026-03-10")]

    assert told(first, [begun("2026-03-10", pence=4000)]) == [
        JOINED,
        ("2026-03-10", "expansion", 24_000),
    ]


def test_pausing_one_of_two_is_contraction():
    paused = [begun("2026-01-10"), said("2026-03-10", pause_collection=HELD)]

    assert told(paused, [begun("2026-02-10", pence=1000)])[-1] == (
        "2026-03-10",
        "contraction",
        24_000,
    )


def test_changes_that_cancel_out_within_a_day_are_none():
    up = said(at("2026-03-10") - 3600, pence=4000)

    assert told([begun("2026-01-10"), up, said("2026-03-10")]) == [JOINED]


def test_another_currency_moves_nothing():
    assert told([begun("2026-01-10", currency="eur")]) == []


def test_churn_says_why_and_whether_a_payment_was_failing():
    failing = said("2026-03-10", status="past_due")

    churn = moves([begun("2026-01-10"), failing, ended("2026-03-20", "payment_failed")])[-1]

    assert (churn.reason, churn.was_past_due) == ("payment_failed", True)


def test_a_reason_without_a_rule_is_another():
    assert moves([begun("2026-01-10"), ended("2026-03-20", "retired")])[-1].reason == "other"


def test_it_says_what_became_of_the_subscription():
    change = moves([begun("2026-01-10"), said("2026-03-10", price=price(4000, tier="gold"))])[-1]

    assert change.what == "Silver monthly"  # the plans are named by keeping.py


def test_gains_less_losses_are_what_is_left():
    rows = moves(
        [begun("2026-01-10"), said("2026-02-10", pence=4000), ended("2026-03-10", pence=4000)],
        [begun("2026-02-20", pence=1000)],
    )

    assert sum(row.amount if row.kind in GAINS else -row.amount for row in rows) == rows[-1].after
