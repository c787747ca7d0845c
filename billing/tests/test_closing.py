"""Closed months keep their figures; what comes later is an adjustment with its day."""

import datetime

import pytest

from billing.models import ClosedMonth, MonthAdjustment
from billing.revenue.closing import NAMES, NotClosable, close, months, notice_adjustments
from billing.tests.factories import PaymentFactory

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 4, 2, 9, tzinfo=datetime.UTC)
MARCH = datetime.date(2026, 3, 1)


def pay(day, **fields):
    paid_at = datetime.datetime(2026, *day, 12, tzinfo=datetime.UTC)
    return PaymentFactory(paid_at=paid_at, **fields)


def test_closing_keeps_the_figures_of_it_and_of_all_before():
    pay((1, 10))
    pay((3, 10))

    closed = close(MARCH, by="bob@example.com", now=NOW)

    assert [f"{each}" for each in closed] == ["January 2026", "February 2026", "March 2026"]
    assert [each.figures["invoice_gross"] for each in closed] == [78_000, 0, 78_000]
    assert set(closed[0].figures) == set(NAMES)


def test_a_later_event_is_an_adjustment_and_the_closed_figure_stays():
    pay((3, 10))
    close(MARCH, by="bob@example.com", now=NOW)
    pay((3, 11), net_pence=-65_000, vat_pence=-13_000, gross_pence=-78_000, kind="refund")

    written = notice_adjustments(now=NOW + datetime.timedelta(days=1))

    [month] = [each for each in months(now=NOW) if each.first == MARCH]
    found = {each.figure: (each.before, each.after) for each in month.adjustments}
    assert written == 3
    assert found["refund_gross"] == (0, -78_000)
    assert (month.closed.figures["refund_gross"], month.now["refund_gross"]) == (0, -78_000)
    assert not month.is_as_closed


def test_an_adjustment_is_noticed_once_and_again_when_it_is_taken_back():
    pay((3, 10))
    close(MARCH, by="bob@example.com", now=NOW)
    pay((3, 11))

    assert notice_adjustments(now=NOW) > 0
    assert notice_adjustments(now=NOW) == 0

    back = {"net_pence": -65_000, "vat_pence": -13_000, "gross_pence": -78_000}
    pay((3, 12), **back)
    notice_adjustments(now=NOW)
    [month] = [each for each in months(now=NOW) if each.first == MARCH]
    assert month.is_as_closed
    assert [each.difference for each in month.adjustments if each.figure == "invoice_gross"] == [
        78_000,
        -78_000,
    ]


@pytest.mark.parametrize(
    ("month", "why"),
    [
        (datetime.date(2026, 4, 1), "April 2026 is not over"),
        (datetime.date(2030, 1, 1), "January 2030 is not over"),
        (datetime.date(2025, 1, 1), "Nothing is known of January 2025"),
        (datetime.date(2026, 2, 1), "February 2026 is closed already"),
    ],
)
def test_what_cannot_be_closed_is_said_in_a_sentence(month, why):
    pay((1, 10))
    close(datetime.date(2026, 2, 1), by="bob@example.com", now=NOW)

    with pytest.raises(NotClosable, match=why):
        close(month, by="bob@example.com", now=NOW)

    assert ClosedMonth.objects.count() == 2


def test_an_empty_database_has_no_months_and_none_can_be_closed():
    assert months(now=NOW) == []
    with pytest.raises(NotClosable):
        close(MARCH, by="bob@example.com", now=NOW)
    assert notice_adjustments(now=NOW) == 0


def test_the_number_of_queries_does_not_grow_with_the_months(django_assert_num_queries):
    for count, month in ((2, 3), (12, 1)):
        for _ in range(count):
            pay((month, 10))
        if month == 3:
            close(MARCH, by="bob@example.com", now=NOW)
        with django_assert_num_queries(7):
            months(now=NOW)
    assert MonthAdjustment.objects.count() == 0
