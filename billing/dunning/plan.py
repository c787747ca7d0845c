"""Which reminder a failing payment gets now, and why none: pure, by the table in the docs.

Stripe retries, we never do. See docs/subscriptions.md, “Failed payments”.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from accounts.london import day_of
from billing.dunning import office_hours
from billing.models import Cause, Cycle, NoticeKind

GRACE_DAYS = 14
CALL_DAY = 7
AFTER_NEW_METHOD = timedelta(hours=6)
BETWEEN_MAILS = timedelta(hours=24)

# The London day after the first failure from which a mail is due.
REMINDERS = ((4, NoticeKind.PAST_DUE_REMINDER), (10, NoticeKind.PAST_DUE_LAST_CALL))
STEPS: Mapping[str, tuple[tuple[int, NoticeKind], ...]] = {
    # Many soft declines mend themselves at Stripe's first retries: no mail on the same day.
    Cause.SOFT: ((1, NoticeKind.PAST_DUE_FIRST), *REMINDERS),
    Cause.NEW_CARD: ((0, NoticeKind.PAST_DUE_FIRST), *REMINDERS),
    # Stripe sends the bank's confirmation link itself, at once.
    Cause.AUTHENTICATION: REMINDERS,
}


@dataclass(frozen=True)
class Facts:
    """What is known of one episode. `sent` says when each mail of the episode was queued."""

    first_failed_at: datetime
    cause: str
    sent: Mapping[str, datetime] = field(default_factory=dict)
    is_closed: bool = False
    has_address: bool = True
    is_processing: bool = False
    paused_until: date | None = None
    pause_reason: str = ""
    method_changed_at: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """The mail that is due now, or none; `why` is a sentence for staff in either case."""

    kind: NoticeKind | None
    why: str


def plan(facts: Facts, now: datetime) -> Plan:
    obstacle = _obstacle(facts, now)
    if obstacle:
        return Plan(None, obstacle)
    day = (day_of(now) - day_of(facts.first_failed_at)).days
    if day >= GRACE_DAYS:
        return Plan(None, f"Day {day}: the reminders are over, Stripe ends the membership.")
    due = [(since, kind) for since, kind in STEPS[facts.cause] if since <= day]
    if not due:
        return Plan(None, f"Day {day}: the first mail is due on day {STEPS[facts.cause][0][0]}.")
    since, kind = due[-1]  # what was missed before is not made up for
    if kind in facts.sent:
        return Plan(None, _nothing_more(facts, day))
    wait = _wait(facts, now)
    return Plan(None, wait) if wait else Plan(kind, f"Day {day}: due since day {since}.")


def _obstacle(facts: Facts, now: datetime) -> str:
    if facts.is_closed:
        return "It is paid or over."
    if not facts.has_address:
        return "No owner to write to."
    if facts.paused_until and day_of(now) < facts.paused_until:
        return f"Paused by staff until {facts.paused_until:%-d %B %Y}: {facts.pause_reason}"
    if facts.is_processing:
        return "A bank payment is under way."
    return ""


def _wait(facts: Facts, now: datetime) -> str:
    changed = facts.method_changed_at
    if changed and now - changed < AFTER_NEW_METHOD:
        return "There is a new payment method since less than 6 hours: it may pay by itself."
    if facts.sent and now - max(facts.sent.values()) < BETWEEN_MAILS:
        return "The last mail is less than a day old."
    if not office_hours.is_open(now):
        return "Waits for office hours, 9 to 18 in London."
    return ""


def _nothing_more(facts: Facts, day: int) -> str:
    later = [since for since, _ in STEPS[facts.cause] if since > day]
    return (
        f"Day {day}: the next mail is due on day {later[0]}."
        if later
        else (f"Day {day}: all mails are sent; Stripe ends the membership on day {GRACE_DAYS}.")
    )


def grace_ends_on(first_failed_at: datetime) -> date:
    """Return the last day of access while a payment fails."""
    return day_of(first_failed_at) + timedelta(days=GRACE_DAYS)


def is_on_call_list(first_failed_at: datetime, cycle: str, tier: str, now: datetime) -> bool:
    """Say whether somebody should phone: from day 7, where there is much to lose."""
    day = (day_of(now) - day_of(first_failed_at)).days
    return day >= CALL_DAY and (cycle == Cycle.ANNUAL or tier == "gold")
