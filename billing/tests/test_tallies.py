"""The sums beside the rows: never behind, checked, made afresh."""

import datetime
import json
from pathlib import Path

import pytest
from django.utils import timezone

from billing.models import (
    CashTally,
    MovementTally,
    Payment,
    PaymentKind,
    RevenueChange,
    RevenueSpan,
)
from billing.models.revenue import Movement
from billing.revenue import figures, monthly
from billing.revenue.rebuild import Progress, check, rebuild
from billing.revenue.replay.cases import read_case
from billing.revenue.replay.play import live_through
from billing.revenue.tallies import CASH, MOVEMENTS, TALLIES
from billing.tests.factories import PaymentFactory

pytestmark = pytest.mark.django_db
CASES = json.loads((Path(__file__).parent / "data" / "revenue_cases.json").read_text())
MANY_KINDS = {"C08", "C19", "C20", "C32"}
MONTH = datetime.timedelta(days=31)


@pytest.fixture
def lived():
    """Worked cases with every kind of movement, one after another, and left standing."""
    for given in CASES["event_cases"]:
        if given["id"] in MANY_KINDS:
            live_through(read_case(given, CASES["prices"]))


def found():
    progress = Progress()
    check(progress, now=timezone.now())
    return progress.listed


def months():
    days = RevenueChange.objects.order_by("day").values_list("day", flat=True)
    first, month = days[0].replace(day=1), []
    while first <= days.last():
        month.append(first)
        first = (first + MONTH).replace(day=1)
    return month


def test_they_say_what_the_rows_say(lived):
    rebuild(Progress(), now=timezone.now())  # a discount may have ended since

    assert [tally.differences() for tally in TALLIES] == [[], [], []]
    assert MovementTally.objects.count() > 0


def test_folding_changes_no_sum(lived):
    before = {tally.model: tally.stored() for tally in TALLIES}

    for tally in TALLIES:
        assert tally.make_afresh() == 0

    assert {tally.model: tally.stored() for tally in TALLIES} == before
    assert MovementTally.objects.count() == len(before[MovementTally])


def test_the_months_are_those_of_the_changes(lived):
    for month in months():
        end = (month + MONTH).replace(day=1)
        quick, slow = monthly.moved(month, end)[month], figures.movements(month, end)

        assert {kind: sums.amount_pence for kind, sums in quick.items() if sums.amount_pence} == {
            kind: amount for kind, amount in slow.items() if amount and kind in Movement.values
        }
        assert monthly.opening(month)[0] == slow["opening"]
        assert monthly.opening(end)[1] == figures.heads(figures.paying(end - figures.DAY))


def test_the_standings_are_those_of_the_open_spans(lived):
    now = monthly.standings("standing", "currency")

    spans = RevenueSpan.objects.filter(ends_on=None)
    assert sum(annual for *_, annual in now) == figures.total(spans)
    assert sum(many for *_, many, _ in now) == spans.count()


def test_a_payment_counts_as_it_is_written_and_again_when_its_fee_is_known():
    payment = PaymentFactory(paid_at=datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC))

    [row] = CashTally.objects.all()

    assert (row.month, row.kind) == (datetime.date(2026, 7, 1), PaymentKind.INVOICE)
    assert (row.gross_pence, row.without_fee) == (78_000, 1)
    assert CASH.differences() == []
    assert Payment.objects.get() == payment


def test_a_wrong_sum_is_found_and_made_right(lived):
    rebuild(Progress(), now=timezone.now())
    MovementTally.objects.filter(pk=MovementTally.objects.first().pk).delete()

    assert [line for line in found() if line.startswith("sum of movements")]
    rebuild(Progress(), now=timezone.now())

    assert found() == []
    assert MOVEMENTS.differences() == []
