"""What may be claimed about the mirror at one moment: a verdict, from what is known of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.text import capfirst
from django.utils.timesince import timesince

from crm.models import SyncCheck

PROOF_LASTS = timedelta(hours=24)
# One job of the worker may take five minutes, and the next is due each minute.
SILENT_AFTER = timedelta(minutes=6)
OF_THE_SITE = "site’s "  # begins the name of a table that is a source
START_THE_WORKER = "manage.py qcluster"


class Colour(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"

    @property
    def icon(self) -> str:
        """Name its icon: a colour alone says nothing to those who cannot tell it."""
        return {"green": "verified", "amber": "schedule", "red": "error"}[self]


@dataclass(frozen=True)
class BrokenOff:
    """A check, of the worker's or from the page, that ended without a result."""

    at: datetime
    why: str


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on. The newest check says what differs; the rest, what it may hide."""

    check: SyncCheck | None = None
    proved_at: datetime | None = None  # the last time that nothing differed
    failures: int = 0  # failed syncs that are open
    failed_at: datetime | None = None  # when one of them was last tried
    worker_at: datetime | None = None  # when the worker last finished a job
    broken_off: BrokenOff | None = None
    unreadable: tuple[str, ...] = ()  # what the tables that cannot be read hold


@dataclass(frozen=True)
class Finding:
    """Something that keeps the page from being green, worst first; `advice` says what to do."""

    colour: Colour
    sentence: str
    advice: str
    command: str = ""


@dataclass(frozen=True)
class Verdict:
    colour: Colour
    sentence: str
    proof: str  # what was proved, and when
    findings: tuple[Finding, ...] = ()

    @property
    def in_brief(self) -> str:
        if self.findings:
            return f"{self.sentence} {self.proof}".strip()
        return f"{self.sentence[:-1]}, {self.proof[0].lower()}{self.proof[1:]}"


def judge(evidence: Evidence, *, now: datetime) -> Verdict:
    asked = (find(evidence, now) for find in FINDERS)
    findings = tuple(finding for finding in asked if finding)
    proof = _proof(evidence, now, is_equal=not findings)
    if not findings:
        return Verdict(Colour.GREEN, _all_equal(evidence.check, "equal"), proof)
    return Verdict(findings[0].colour, findings[0].sentence, proof, findings)


# --- Red: something differs, or nobody can tell -----------------------------------------------


def _cannot_be_read(evidence: Evidence, now: datetime) -> Finding | None:
    if not evidence.unreadable:
        return None
    return Finding(
        Colour.RED,
        f"The {_listed(evidence.unreadable)} cannot be read.",
        "A table is missing or damaged. Tell whoever looks after the server: the log says why. "
        + _so_far_as_the_site_goes(evidence),
    )


def _so_far_as_the_site_goes(evidence: Evidence) -> str:
    if any(name.startswith(OF_THE_SITE) for name in evidence.unreadable):
        return "Pages of the site that need it do not work."
    return "The site itself goes on working."


def _differs(evidence: Evidence, now: datetime) -> Finding | None:
    if not evidence.check or not evidence.check.differences:
        return None
    differing = evidence.check.differences
    return Finding(
        Colour.RED,
        f"{_counted(differing, 'record')} {'differs' if differing == 1 else 'differ'} "
        f"from {'its' if differing == 1 else 'their'} source.",
        "Review the differences: each is shown field by field before it is repaired.",
    )


def _failed_since(evidence: Evidence, now: datetime) -> Finding | None:
    if not evidence.failures or _is_older_than_proof(evidence):
        return None
    return Finding(
        Colour.RED,
        f"{_counted(evidence.failures, 'record')} could not be brought up to date.",
        f"{'It' if evidence.failures == 1 else 'The last one'} failed "
        f"{ago(evidence.failed_at, now)} and is tried again by itself. Sync failures says why.",
    )


def _check_broke_off(evidence: Evidence, now: datetime) -> Finding | None:
    if evidence.broken_off is None:
        return None
    return Finding(
        Colour.RED,
        "The last check could not be finished.",
        f"It broke off {ago(evidence.broken_off.at, now)}: {evidence.broken_off.why}",
    )


# --- Amber: it may well be equal, but the claim is weaker than it should be -------------------


def _never_proved(evidence: Evidence, now: datetime) -> Finding | None:
    if evidence.check is not None or evidence.unreadable:
        return None
    return Finding(
        Colour.AMBER,
        "Nothing has been proved yet.",
        "No check has run so far. Check now; once the worker runs, it checks by itself every "
        "quarter of an hour.",
    )


def _proof_is_old(evidence: Evidence, now: datetime) -> Finding | None:
    if evidence.check is None or now - evidence.check.started_at <= PROOF_LASTS:
        return None
    return Finding(
        Colour.AMBER,
        f"The last check was {ago(evidence.check.started_at, now)}.",
        "After 24 hours it says little about now. Check now for today's answer.",
    )


def _worker_is_silent(evidence: Evidence, now: datetime) -> Finding | None:
    last = evidence.worker_at
    if last is not None and now - last <= SILENT_AFTER:
        return None
    since = f"It finished its last job {ago(last, now)}." if last else "It has never run here."
    return Finding(
        Colour.AMBER,
        "The worker is silent.",
        f"{since} Until it runs, nothing is checked, retried or mailed by itself. Start it with",
        command=START_THE_WORKER,
    )


def _failures_left_open(evidence: Evidence, now: datetime) -> Finding | None:
    if not evidence.failures or not _is_older_than_proof(evidence):
        return None
    return Finding(
        Colour.AMBER,
        f"{_counted(evidence.failures, 'failed sync')} "
        f"{'is' if evidence.failures == 1 else 'are'} still open.",
        _found_after(evidence, now),
    )


def _found_after(evidence: Evidence, now: datetime) -> str:
    if evidence.check and evidence.check.differences:
        return f"The last was tried {ago(evidence.failed_at, now)}. Sync failures says why."
    them = "it" if evidence.failures == 1 else "them"
    return f"The check that came after found nothing that differs. Trying again closes {them}."


def _is_older_than_proof(evidence: Evidence) -> bool:
    if evidence.proved_at is None or evidence.failed_at is None:
        return False
    return evidence.failed_at < evidence.proved_at


# The first that finds something gives the page its sentence and its colour.
FINDERS = (
    _cannot_be_read,
    _differs,
    _failed_since,
    _check_broke_off,
    _never_proved,
    _proof_is_old,
    _worker_is_silent,
    _failures_left_open,
)


# --- Words ------------------------------------------------------------------------------------


def _proof(evidence: Evidence, now: datetime, *, is_equal: bool) -> str:
    check = evidence.check
    if check is None:
        return ""
    if check.differences:
        found = f"Found {ago(check.started_at, now)}."
        if evidence.proved_at is None:
            return f"{found} It has never been proved that all are equal."
        return f"{found} {_equal_before(check, evidence.proved_at, now)}"
    what = "by a check and repair of" if mended(check) else "in"
    proved = f"proved {ago(check.started_at, now)} {what} {seconds(check.seconds)}."
    return capfirst(proved) if is_equal else f"{_all_equal(check, 'equalled')[:-1]}, {proved}"


def _equal_before(check: SyncCheck, proved_at: datetime, now: datetime) -> str:
    told = ago(proved_at, now)
    if told == ago(check.started_at, now):  # the same words would deny what was found
        return "All had been equal shortly before."
    return f"All were equal {told}."


def _all_equal(check: SyncCheck, verb: str) -> str:
    records = record_count(check)
    match records:
        case 0:
            return f"There are no records yet, and no source {_without(verb)} one."
        case 1:
            return f"The one record {'equals' if verb == 'equal' else verb} its source."
    return f"All {intcomma(records)} records {verb} their source."


def _without(verb: str) -> str:
    return "is without" if verb == "equal" else "was without"


def record_count(check: SyncCheck) -> int:
    return sum(counts["records"] for counts in check.entities.values())


def found(check: SyncCheck) -> int:
    """Return how many differences a check came upon, those that it repaired included."""
    return max(check.found, check.differences)


def mended(check: SyncCheck) -> int:
    return found(check) - check.differences


def seconds(duration: float) -> str:
    """Say how long a check took, never as if it had taken no time at all."""
    return f"{max(duration, 0.01):.2f} s" if duration < 10 else f"{intcomma(round(duration))} s"


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago, in the largest unit; a clock a little ahead of ours counts as now."""
    if now - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, now, depth=1)} ago".replace("\xa0", " ")


def _counted(number: int, noun: str) -> str:
    return f"{intcomma(number)} {noun}{'' if number == 1 else 's'}"


def _listed(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
