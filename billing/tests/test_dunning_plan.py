"""The table of reminders, moment by moment, and our worked cases."""

import datetime
import json
import re
from pathlib import Path

import pytest

from accounts.london import LONDON, day_of
from billing.dunning.causes import REASONS, reason_for
from billing.dunning.office_hours import next_opening
from billing.dunning.plan import Facts, is_on_call_list, plan
from billing.dunning.upcoming import Renewal, plan_card_notice, plan_renewal_notice
from billing.models import Cause, Cycle, MembershipStatus, NoticeKind, PaymentMethod

CASES = json.loads(Path(__file__).with_name("data").joinpath("dunning_cases.json").read_text())
FIRST, REMINDER, LAST_CALL = (
    NoticeKind.PAST_DUE_FIRST,
    NoticeKind.PAST_DUE_REMINDER,
    NoticeKind.PAST_DUE_LAST_CALL,
)
WORDS = {
    FIRST: "first",
    REMINDER: "reminder",
    LAST_CALL: "last_call",
    NoticeKind.CARD_30: "card_expiring",
    NoticeKind.CARD_7: "card_expiring_last",
}
START = datetime.datetime(2026, 6, 1, 10, tzinfo=LONDON)


def moment(day: int, hour: int = 10) -> datetime.datetime:
    return START.replace(hour=hour) + datetime.timedelta(days=day)


def facts(**known) -> Facts:
    return Facts(**{"first_failed_at": START, "cause": Cause.SOFT, **known})


def due(day: int, hour: int = 10, **known) -> str | None:
    return plan(facts(**known), moment(day, hour)).kind


def why(day: int, hour: int = 10, **known) -> str:
    return plan(facts(**known), moment(day, hour)).why


# --- Our worked cases -----------------------------------------------------------------------------


def play(timeline: list[str], hours: int = 20 * 24) -> list[str]:
    """Ask the plan every hour, as the worker does, while what the timeline tells happens."""
    events = {}
    for line in timeline:
        day, text = re.fullmatch(r"d(\d+) (.+)", line).groups()
        events[moment(int(day))] = text
    known, said, sent = {"cause": Cause.SOFT}, [], {}
    for hour in range(hours):
        now = START + datetime.timedelta(hours=hour)
        happened = events.get(now, "").split()
        if happened[:1] == ["failed"] and happened[1:]:
            known["cause"] = reason_for(happened[1]).cause
        if happened == ["paid"]:
            known["is_closed"] = True
        if happened and happened[0].startswith("payment_method."):
            known["method_changed_at"] = now
        kind = plan(facts(**known, sent=sent), now).kind
        if kind:
            sent = {**sent, kind: now}
            extra = "(new card needed)" if known["cause"] == Cause.NEW_CARD else ""
            said.append(f"d{(day_of(now) - day_of(START)).days} {WORDS[kind]}{extra}")
    return said


def play_renewal(line: str, hours: int = 40 * 24) -> list[str]:
    """The same for the weeks before a renewal."""
    cycle = Cycle.MONTHLY if line.startswith("monthly") else Cycle.ANNUAL
    renewal = datetime.date(2026, 9, 15)
    month = 8 if cycle == Cycle.ANNUAL else 9
    method = PaymentMethod(stripe_id="pm_1", exp_month=month, exp_year=2026)
    # "This month" of the monthly case: the payment after it is the one in question.
    day = renewal if cycle == Cycle.ANNUAL else datetime.date(2026, 10, 15)
    said, sent = [], set()
    for hour in range(hours):
        start = datetime.datetime.combine(day, datetime.time(), LONDON)
        now = start - datetime.timedelta(days=35) + datetime.timedelta(hours=hour)
        facts_of = Renewal(
            day=day,
            cycle=cycle,
            status=MembershipStatus.ACTIVE,
            card_expires_first=method.expires_before(day),
            sent=frozenset(sent),
        )
        kind = plan_card_notice(facts_of, now).kind
        if kind:
            sent.add(kind)
            said.append(f"{day_of(now)} {WORDS[kind]}")
    assert method.expires_before(day)
    return said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_each_worked_case_sends_exactly_its_mails(case):
    timeline = case["timeline"]
    played = play_renewal(timeline[0]) if "renewal" in timeline[0] else play(timeline)

    assert played == case["expected_emails"]


def test_the_worked_cases_are_those_that_are_shared(revenue_cases_file):
    shared = json.loads(revenue_cases_file.read_text())["dunning_cases"]

    assert shared == CASES


# --- The table ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (Cause.SOFT, ["d1 first", "d4 reminder", "d10 last_call"]),
        (Cause.NEW_CARD, ["d0 first", "d4 reminder", "d10 last_call"]),
        (Cause.AUTHENTICATION, ["d4 reminder", "d10 last_call"]),
    ],
)
def test_each_cause_has_its_days(cause, expected):
    code = {"soft": "do_not_honor", "new_card": "lost_card", "authentication": "requires_action"}

    said = [line.removesuffix("(new card needed)") for line in play([f"d0 failed {code[cause]}"])]

    assert said == expected


class TestNothingIsSent:
    @pytest.mark.parametrize("hour", [0, 8, 18, 23])
    def test_outside_office_hours(self, hour):
        assert due(4, hour) is None

    @pytest.mark.parametrize("hour", [9, 17])
    def test_but_in_the_first_and_the_last_hour_it_is(self, hour):
        assert due(4, hour) == REMINDER

    def test_office_hours_are_londons_in_summer_too(self):
        at_nine_utc = datetime.datetime(2026, 6, 5, 8, 30, tzinfo=datetime.UTC)

        assert plan(facts(), at_nine_utc).kind == REMINDER

    def test_within_six_hours_of_a_new_method(self):
        changed = moment(4, 9)

        assert due(4, 14, method_changed_at=changed) is None
        assert due(4, 15, method_changed_at=changed) == REMINDER

    def test_twice(self):
        assert due(5, sent={REMINDER: moment(4)}) is None

    def test_within_a_day_of_the_last_mail(self):
        sent = {FIRST: moment(3, 17)}

        assert due(4, 9, sent=sent) is None
        assert due(4, 17, sent=sent) == REMINDER

    def test_of_what_was_missed_while_the_worker_stood_still(self):
        assert due(11) == LAST_CALL

    def test_once_the_end_that_it_announces_is_there(self):
        assert due(14) is None

    def test_when_it_is_closed(self):
        assert due(4, is_closed=True) is None

    def test_while_a_bank_payment_is_under_way(self):
        assert due(4, is_processing=True) is None

    def test_while_staff_pause_it_and_it_says_why(self):
        until = day_of(moment(8))

        assert why(5, paused_until=until, pause_reason="In hospital") == (
            "Paused by staff until 9 June 2026: In hospital"
        )
        assert due(8, paused_until=until) == REMINDER

    def test_to_nobody(self):
        assert why(4, has_address=False) == "No owner to write to."


@pytest.mark.parametrize(
    ("day", "cycle", "tier", "expected"),
    [
        (6, Cycle.ANNUAL, "bronze", False),
        (7, Cycle.ANNUAL, "bronze", True),
        (7, Cycle.MONTHLY, "silver", False),
        (7, Cycle.MONTHLY, "gold", True),
    ],
)
def test_yearly_and_gold_members_are_phoned_from_day_7(day, cycle, tier, expected):
    assert is_on_call_list(START, cycle, tier, moment(day)) is expected


@pytest.mark.parametrize(
    ("hour", "expected"), [(7, (1, 9)), (9, (1, 9)), (17, (1, 17)), (18, (2, 9)), (23, (2, 9))]
)
def test_a_mail_of_the_night_waits_for_the_morning(hour, expected):
    opening = next_opening(moment(0, hour))

    assert (opening.day, opening.hour) == expected


# --- Words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*REASONS, "", "unheard_of"])
def test_no_member_is_told_of_theft_or_fraud(code):
    words = reason_for(code).member.lower()

    assert not re.search("stolen|lost|fraud|misuse|risk|report", words)


def test_an_unknown_code_counts_as_a_passing_refusal():
    assert reason_for("invented_in_2031").cause == Cause.SOFT


# --- Before a renewal -----------------------------------------------------------------------------

RENEWS = datetime.date(2026, 9, 15)


def renewal(**known) -> Renewal:
    return Renewal(
        **{"day": RENEWS, "cycle": Cycle.ANNUAL, "status": MembershipStatus.ACTIVE, **known}
    )


def noon(day: str) -> datetime.datetime:
    return datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(12), LONDON)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-08-15", None),
        ("2026-08-16", NoticeKind.RENEWAL_30),
        ("2026-09-07", NoticeKind.RENEWAL_30),
        ("2026-09-08", NoticeKind.RENEWAL_7),
        ("2026-09-14", NoticeKind.RENEWAL_7),
        ("2026-09-15", None),
    ],
)
def test_a_renewal_is_announced_30_and_7_days_before(day, expected):
    assert plan_renewal_notice(renewal(), noon(day)).kind == expected


@pytest.mark.parametrize(
    "known",
    [
        {"cycle": Cycle.MONTHLY},
        {"status": MembershipStatus.EXPIRING_SOON},
        {"status": MembershipStatus.PAST_DUE},
        {"day": None},
        {"has_address": False},
        {"sent": frozenset({NoticeKind.RENEWAL_30})},
    ],
)
def test_a_renewal_is_not_announced_where_there_is_none_to_announce(known):
    assert plan_renewal_notice(renewal(**known), noon("2026-08-16")).kind is None


def test_a_card_that_lasts_gets_no_mail():
    planned = plan_card_notice(renewal(card_expires_first=False), noon("2026-08-16"))

    assert planned.kind is None


@pytest.mark.parametrize(
    ("month", "year", "expected"),
    [(8, 2026, True), (9, 2026, False), (12, 2025, True), (1, 2027, False), (None, None, False)],
)
def test_a_card_is_good_to_the_end_of_its_month(month, year, expected):
    method = PaymentMethod(exp_month=month, exp_year=year)

    assert method.expires_before(RENEWS) is expected
