"""`revenue_rebuild`: afresh, proved, and only what has changed by itself."""

import io
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from billing import revenue
from billing.management.commands import revenue_rebuild
from billing.models.revenue import RevenueChange, RevenueSpan
from billing.revenue import rebuild as rebuilding
from billing.tests.revenue_histories import BEGAN, day, discount, event, subscription
from billing.tests.stripe_objects import at

pytestmark = pytest.mark.django_db
FEBRUARY = datetime(2026, 2, 1, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLEAN = "A rebuild of 2 subscriptions would change nothing.\n"


def run(*options, now=FEBRUARY):
    """Return what the command says and its exit code."""
    said, code = io.StringIO(), 0
    with time_machine.travel(now, tick=False):
        try:
            call_command("revenue_rebuild", *options, stdout=said)
        except CommandError as error:
            said.write(str(error))
            code = error.returncode
    return said.getvalue(), code


@pytest.fixture
def two_members():
    """One pays £20 a month, the other half of it until April."""
    half = discount(end="2026-04-10", duration="repeating", percent_off=50)
    for number, given in enumerate(([], [half]), 1):
        whole = subscription(id=f"sub_{number}", customer=f"cus_{number}", discounts=given)
        told = event(number, at(BEGAN), whole)
        told["data"]["object"] = whole
        revenue.remember(told)
    with transaction.atomic():
        revenue.bring_into_line(["sub_1", "sub_2"], now=FEBRUARY)


def test_nothing_differs_where_nothing_was_touched(two_members):
    assert run("--check") == (CLEAN, 0)
    assert run() == ("Derived 2 subscriptions afresh: 0 rows written or deleted.\n", 0)


@pytest.mark.parametrize("options", [[], ["--check"], ["--due"]])
def test_an_empty_database_is_in_line(options):
    said, code = run(*options)

    assert ("0 subscriptions" in said, code) == (True, 0)


def test_a_damaged_row_is_told_and_mended(two_members):
    RevenueSpan.objects.filter(stripe_subscription_id="sub_1").update(annual_pence=1)

    said, code = run("--check")
    assert "not so: sub_1 from 2026-01-10: paying, 1 pence a year" in said
    assert "missing: sub_1 from 2026-01-10: paying, 24000 pence a year" in said
    assert code == 1

    run()
    assert run("--check") == (CLEAN, 0)


def test_a_check_writes_nothing(two_members):
    RevenueChange.objects.all().delete()

    said, code = run("--check")

    assert "missing: New on 2026-01-10: 24000 pence a year, of cus_1" in said
    assert (code, RevenueChange.objects.count()) == (1, 0)


def test_rows_that_are_missing_are_made_again(two_members):
    RevenueSpan.objects.all().delete()
    RevenueChange.objects.all().delete()

    run()

    assert (RevenueSpan.objects.count(), RevenueChange.objects.count()) == (2, 2)
    assert run("--check") == (CLEAN, 0)


def test_rows_that_follow_from_nothing_go(two_members):
    RevenueChange.objects.filter(account="cus_1").update(account="cus_gone")
    RevenueSpan.objects.filter(stripe_subscription_id="sub_2").update(
        stripe_subscription_id="sub_gone"
    )
    assert run("--check")[1] == 1

    run()

    assert run("--check") == (CLEAN, 0)


def test_only_so_many_rows_are_listed(two_members, monkeypatch):
    monkeypatch.setattr(rebuilding, "LISTED_AT_MOST", 1)
    RevenueChange.objects.all().delete()

    said, _ = run("--check")

    first, conclusion = said.splitlines()
    assert first.startswith("missing: ")
    assert conclusion.startswith("A rebuild would change ")


def test_what_is_due_follows_by_itself(two_members):
    assert run("--check", now=MAY)[1] == 1

    assert run("--due", now=MAY)[0].startswith("Derived 1 subscription afresh: ")

    expansion = RevenueChange.objects.get(kind="expansion")
    assert (expansion.day, expansion.amount_pence) == (day("2026-04-10"), 12_000)
    assert run("--check", now=MAY) == (CLEAN, 0)
    assert run("--due", now=MAY) == (
        "Derived 0 subscriptions afresh: 0 rows written or deleted.\n",
        0,
    )


def test_an_interruption_keeps_what_was_written(two_members, monkeypatch):
    monkeypatch.setattr(rebuilding, "BATCH", 1)
    RevenueSpan.objects.all().delete()
    shown = []

    def stop_after_one(bar, progress, interruption):
        shown.append(progress.done)
        interruption.signal = 2
        raise revenue_rebuild.Stopped

    monkeypatch.setattr(revenue_rebuild, "_show", stop_after_one)

    assert run() == ("Stopped after 1 of 2.", 130)
    assert RevenueSpan.objects.get().stripe_subscription_id == "sub_1"


def test_a_check_and_what_is_due_are_not_asked_together():
    with pytest.raises(CommandError):
        call_command("revenue_rebuild", "--check", "--due")
