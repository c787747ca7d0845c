"""Every worked case, played through the production code, and each figure compared."""

import copy
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from billing.revenue.replay.cases import read_case
from billing.revenue.replay.play import play, prepare

COMMENTS = {"alternatives", "wrong_answers"}  # for readers, not for answers
DATA = Path(__file__).parent / "data"
COPY = json.loads((DATA / "revenue_cases.json").read_text())
OWN = json.loads((DATA / "own_revenue_cases.json").read_text())
CASES = [(case, of["prices"]) for of in (COPY, OWN) for case in of["event_cases"]]
NO_DATABASE = "postgres://nobody@127.0.0.1:1/none"


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "prices"), CASES, ids=[case["id"] for case, _ in CASES])
def test_a_worked_case_gives_its_figures(given, prices):
    answers = play(read_case(given, prices))

    assert answers == wanted(given)


@pytest.mark.django_db
def test_a_cases_id_may_hold_any_characters():
    given = {**OWN["event_cases"][0], "id": "G01 a/b?c&d é"}

    assert play(read_case(given, OWN["prices"])) == wanted(given)


def wanted(case):
    return {key: value for key, value in case["expected"].items() if key not in COMMENTS}


# --- The command ----------------------------------------------------------------------------------


def test_the_copy_is_what_is_shared(revenue_cases_file):
    shared = json.loads(revenue_cases_file.read_text())

    assert {name: shared[name] for name in COPY} == COPY


def test_the_command_prints_all_answers_and_needs_no_database(revenue_cases_file):
    done = subprocess.run(
        [sys.executable, "manage.py", "revenue_replay", str(revenue_cases_file)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DEMO": "1", "DATABASE_URL": NO_DATABASE},
        capture_output=True,
        text=True,
        check=False,
    )

    shared = json.loads(revenue_cases_file.read_text())
    states = {
        case["id"]: {"status": case["expected_status"], "counts_in_mrr": case["counts_in_mrr"]}
        for case in shared["status_cases"]
    }
    played = {case["id"]: wanted(case) for case in shared["event_cases"]}
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == played | states


# --- Files that cannot be played ------------------------------------------------------------------

START = {"type": "start", "at": "2026-01-10", "price": "silver_m"}
GOOD = {
    "prices": {"silver_m": {"unit": 2000, "interval": "month"}},
    "event_cases": [
        {
            "id": "B1",
            "customers": [{"id": "a", "subscriptions": [{"id": "s", "events": [START]}]}],
            "expected": {},
        }
    ],
}


def with_events(*events):
    return with_case(customers=[{"id": "a", "subscriptions": [{"id": "s", "events": events}]}])


def with_case(**fields):
    content = copy.deepcopy(GOOD)
    content["event_cases"][0] |= fields
    return content


BAD = {
    "not JSON": ("{", "is not JSON"),
    "a list": ([], "has no event_cases and no status_cases"),
    "no lists": ({"prices": {}}, "has no event_cases and no status_cases"),
    "no id": (with_case(id=None), "A case has no “id”."),
    "two of one id": (
        {**GOOD, "event_cases": GOOD["event_cases"] * 2},
        "B1: 2 cases have this id.",
    ),
    "nothing happens": (with_case(customers=[]), "B1: Nothing happens in it."),
    "customers in another form": (with_case(customers=[7]), "B1: it has not the form of a case"),
    "an unknown event": (
        with_events(START, {"type": "explode", "at": "2026-02-01"}),
        "B1: “explode” is no event we know.",
    ),
    "a missing field": (
        with_events({"type": "start", "at": "2026-01-10"}),
        "B1: The event “start” of 2026-01-10 says no “price”.",
    ),
    "an unknown price": (
        with_events({**START, "price": "iron"}),
        "B1: The price “iron” is not in the file's list of prices.",
    ),
    "a price of no interval": (
        {**GOOD, "prices": {"silver_m": {"unit": 2000, "interval": "fortnight"}}},
        "B1: The price “silver_m” has no “unit”",
    ),
    "prices in another form": ({**GOOD, "prices": [1]}, "“prices” are no object"),
    "an odd date": (
        with_events({**START, "at": "2026-13-45"}),
        "B1: “2026-13-45” cannot be the “at” of an event “start”.",
    ),
    "an odd amount": (
        with_events(START, {"type": "refund", "at": "2026-02-01", "amount": "ten"}),
        "B1: “ten” cannot be the “amount”",
    ),
    "an odd discount": (
        with_events({**START, "discount": {"percent": 5, "duration": "repeating"}}),
        "cannot be the “discount”",
    ),
    "a subscription that does not begin": (
        with_events({"type": "change", "at": "2026-01-10", "qty": 2}),
        "B1: A subscription has to begin with start, trial_start or incomplete.",
    ),
    "a count without end": (
        with_case(customers=[{"id": "a", "count": 10**9, "subscriptions": []}]),
        "B1: A “count” of 1,000,000,000 is not between 1 and 1,000.",
    ),
    "a year without records": (
        with_events({**START, "at": "0001-01-01"}),
        "B1: “0001-01-01” cannot be the “at”",
    ),
    "a month in the far future": (
        with_case(expected={"paying_members": {"9999-12": 1}}),
        "B1: “9999-12” in “paying_members” is no month",
    ),
    "nesting without end": ("[" * 100_000, "is nested too deeply"),
    "an odd month": (
        with_case(expected={"paying_members": {"2026-14": 1}}),
        "B1: “2026-14” in “paying_members” is no month and no day.",
    ),
    "expected in another form": (with_case(expected=[1]), "B1: Its “expected” is no object."),
    "an odd day of a status": (
        {"status_cases": [{"id": "S1", "stripe": {"status": "active", "ended_at": "2026-13-45"}}]},
        "S1: it has not the form of a case",
    ),
}


def test_what_has_no_rule_counts_as_nothing():
    _, states = prepare({"status_cases": [{"id": "S1", "stripe": {"status": "asleep"}}]})

    assert states == {"S1": {"status": None, "counts_in_mrr": False}}


@pytest.mark.django_db
def test_a_key_that_is_not_of_the_format_is_left_out():
    [case], _ = prepare(with_case(expected={"happiness": 3, "paying_members": {"2026-01": 1}}))

    assert play(case) == {"paying_members": {"2026-01": 1}}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_a_sentence(content, sentence, tmp_path):
    file, said = tmp_path / "cases.json", io.StringIO()
    file.write_text(content if isinstance(content, str) else json.dumps(content))

    with pytest.raises(CommandError, match=r"^[^\n]+$") as refusal:
        call_command("revenue_replay", str(file), stdout=said)

    assert sentence in str(refusal.value)
    assert (refusal.value.returncode, said.getvalue()) == (1, "")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"none\.json cannot be read: No such file"):
        call_command("revenue_replay", str(tmp_path / "none.json"))
