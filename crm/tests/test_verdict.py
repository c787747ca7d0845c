"""What the health page claims: one sentence, its colour and its age, for all that may be known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm.models import Entity, SyncCheck
from crm.proof.verdict import BrokenOff, Colour, Evidence, ago, found, judge, mended, seconds

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def before(**age: float) -> datetime:
    return NOW - timedelta(**age)


def check(age: timedelta = timedelta(minutes=3), **fields: Any) -> SyncCheck:
    """A check of 928 records, three minutes ago."""
    counts = {"source": 232, "records": 232, "missing": 0, "changed": 0, "orphaned": 0}
    stored = {
        "entities": {entity.value: counts for entity in Entity},
        "seconds": 0.06,
        "differences": 0,
    }
    return SyncCheck(started_at=NOW - age, **stored | fields)


def evidence(**known: Any) -> Evidence:
    """All is well, but for what is said."""
    newest = known.get("check", check())
    proved_at = newest.started_at if newest and not newest.differences else None
    usual = {"check": newest, "proved_at": proved_at, "worker_at": before(seconds=20)}
    return Evidence(**usual | known)


class TestGreen:
    def test_says_how_many_are_equal_since_when_and_how_fast_that_was_found(self) -> None:
        verdict = judge(evidence(), now=NOW)

        assert verdict.colour == Colour.GREEN
        assert verdict.sentence == "All 928 records equal their source."
        assert verdict.proof == "Proved 3 minutes ago in 0.06 s."
        assert verdict.findings == ()

    def test_does_not_pass_the_time_of_a_repair_off_as_that_of_the_proof(self) -> None:
        repaired = check(found=13, repaired=True, seconds=2.41)

        proof = judge(evidence(check=repaired), now=NOW).proof

        assert proof == "Proved 3 minutes ago by a check and repair of 2.41 s."

    def test_is_one_line_on_the_home_page(self) -> None:
        line = judge(evidence(), now=NOW).in_brief

        assert line == "All 928 records equal their source, proved 3 minutes ago in 0.06 s."

    @pytest.mark.parametrize(
        ("age", "words"),
        [
            (timedelta(seconds=-5), "Proved just now"),
            (timedelta(seconds=59), "Proved just now"),
            (timedelta(minutes=1), "Proved 1 minute ago"),
            (timedelta(minutes=59), "Proved 59 minutes ago"),
            (timedelta(hours=23, minutes=59), "Proved 23 hours ago"),
            (timedelta(hours=24), "Proved 1 day ago"),
        ],
    )
    def test_tells_the_age_of_the_proof(self, age: timedelta, words: str) -> None:
        verdict = judge(evidence(check=check(age)), now=NOW)

        assert verdict.colour == Colour.GREEN
        assert verdict.proof == f"{words} in 0.06 s."

    @pytest.mark.parametrize(
        ("records", "sentence"),
        [
            (0, "There are no records yet, and no source is without one."),
            (1, "The one record equals its source."),
            (1_234_567, "All 1,234,567 records equal their source."),
        ],
    )
    def test_counts_in_plain_words(self, records: int, sentence: str) -> None:
        counted = check(entities={"contacts": {"records": records}})

        assert judge(evidence(check=counted), now=NOW).sentence == sentence


class TestAmber:
    def test_before_the_first_check(self) -> None:
        verdict = judge(evidence(check=None), now=NOW)

        assert (verdict.colour, verdict.proof) == (Colour.AMBER, "")
        assert verdict.sentence == "Nothing has been proved yet."
        assert "Check now" in verdict.findings[0].advice

    def test_when_the_proof_is_older_than_a_day(self) -> None:
        verdict = judge(evidence(check=check(timedelta(hours=24, seconds=1))), now=NOW)

        assert verdict.colour == Colour.AMBER
        assert verdict.sentence == "The last check was 1 day ago."
        assert verdict.proof == "All 928 records equalled their source, proved 1 day ago in 0.06 s."

    def test_when_the_worker_is_silent(self) -> None:
        verdict = judge(evidence(worker_at=before(minutes=20)), now=NOW)

        assert verdict.colour == Colour.AMBER
        assert verdict.sentence == "The worker is silent."
        assert "20 minutes ago" in verdict.findings[0].advice
        assert verdict.findings[0].command == "manage.py qcluster"

    def test_when_the_worker_has_never_run(self) -> None:
        verdict = judge(evidence(worker_at=None), now=NOW)

        assert verdict.findings[0].advice.startswith("It has never run here.")

    def test_not_while_one_long_job_keeps_the_worker_busy(self) -> None:
        assert judge(evidence(worker_at=before(minutes=6)), now=NOW).colour == Colour.GREEN

    def test_when_failed_syncs_are_open_that_a_later_proof_found_equal(self) -> None:
        verdict = judge(evidence(failures=2, failed_at=before(minutes=10)), now=NOW)

        assert verdict.colour == Colour.AMBER
        assert verdict.sentence == "2 failed syncs are still open."

    def test_all_that_is_amiss_is_said(self) -> None:
        old = check(timedelta(days=3))

        verdict = judge(evidence(check=old, worker_at=before(days=2)), now=NOW)

        assert [finding.sentence for finding in verdict.findings] == [
            "The last check was 3 days ago.",
            "The worker is silent.",
        ]


class TestRed:
    @pytest.mark.parametrize(
        ("differing", "sentence"),
        [
            (1, "1 record differs from its source."),
            (12, "12 records differ from their source."),
            (1_000, "1,000 records differ from their source."),
        ],
    )
    def test_when_the_last_check_found_differences(self, differing: int, sentence: str) -> None:
        verdict = judge(evidence(check=check(differences=differing)), now=NOW)

        assert (verdict.colour, verdict.sentence) == (Colour.RED, sentence)

    def test_says_when_all_was_equal_last(self) -> None:
        verdict = judge(evidence(check=check(differences=1), proved_at=before(minutes=18)), now=NOW)

        assert verdict.proof == "Found 3 minutes ago. All were equal 18 minutes ago."

    def test_what_was_equal_just_before_is_not_said_to_be_equal_now(self) -> None:
        known = evidence(
            check=check(timedelta(seconds=2), differences=13), proved_at=before(seconds=9)
        )

        verdict = judge(known, now=NOW)

        assert verdict.proof == "Found just now. All had been equal shortly before."

    def test_an_old_failure_claims_no_equality_while_something_differs(self) -> None:
        known = evidence(
            check=check(differences=13),
            proved_at=before(minutes=18),
            failures=1,
            failed_at=before(hours=1),
        )

        verdict = judge(known, now=NOW)

        assert [finding.sentence for finding in verdict.findings] == [
            "13 records differ from their source.",
            "1 failed sync is still open.",
        ]
        assert verdict.findings[1].advice == (
            "The last was tried 1 hour ago. Sync failures says why."
        )

    def test_says_that_all_has_never_been_equal(self) -> None:
        verdict = judge(evidence(check=check(differences=1)), now=NOW)

        assert verdict.proof.endswith("It has never been proved that all are equal.")

    def test_when_a_sync_has_failed_since_the_proof(self) -> None:
        verdict = judge(evidence(failures=1, failed_at=before(minutes=2)), now=NOW)

        assert verdict.colour == Colour.RED
        assert verdict.sentence == "1 record could not be brought up to date."
        assert "2 minutes ago" in verdict.findings[0].advice

    def test_when_a_check_broke_off(self) -> None:
        broken = BrokenOff(before(minutes=1), "disk I/O error")

        verdict = judge(evidence(broken_off=broken), now=NOW)

        assert verdict.sentence == "The last check could not be finished."
        assert "disk I/O error" in verdict.findings[0].advice

    def test_when_tables_cannot_be_read(self) -> None:
        unreadable = ("contacts", "enquiries", "activity log")

        verdict = judge(Evidence(unreadable=unreadable), now=NOW)

        assert verdict.colour == Colour.RED
        assert verdict.sentence == "The contacts, enquiries and activity log cannot be read."

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("contacts", "The site itself goes on working."),
            ("site’s houses", "Pages of the site that need it do not work."),
        ],
    )
    def test_a_missing_table_says_what_becomes_of_the_site(self, name: str, words: str) -> None:
        verdict = judge(Evidence(unreadable=(name,)), now=NOW)

        assert verdict.findings[0].advice.endswith(words)

    def test_comes_before_amber(self) -> None:
        verdict = judge(evidence(check=check(differences=2), worker_at=None), now=NOW)

        assert [finding.colour for finding in verdict.findings] == [Colour.RED, Colour.AMBER]


class TestWords:
    @pytest.mark.parametrize(
        ("duration", "words"),
        [(0, "0.01 s"), (0.064, "0.06 s"), (9.99, "9.99 s"), (1234.5, "1,234 s")],
    )
    def test_a_check_never_took_no_time(self, duration: float, words: str) -> None:
        assert seconds(duration) == words

    def test_an_age_is_told_in_its_largest_unit(self) -> None:
        assert ago(before(days=1, hours=5), NOW) == "1 day ago"

    def test_what_a_check_found_counts_what_it_repaired(self) -> None:
        repaired = check(found=9, differences=2, repaired=True)

        assert (found(repaired), mended(repaired)) == (9, 7)

    def test_a_check_that_only_looked_repaired_nothing(self) -> None:
        looked = check(differences=4)

        assert (found(looked), mended(looked)) == (4, 0)
