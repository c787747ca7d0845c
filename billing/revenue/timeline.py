"""From all that was said of one subscription to what it was on each London day: pure.

In whatever order it came in, the same moments give the same spans.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from accounts.london import day_of_timestamp
from billing.models.revenue import EndReason, Standing
from billing.revenue.discounts import DAY, KnownDiscounts
from billing.revenue.worth import State, state_at
from billing.state import unreadable_if_garbled

Json = dict[str, Any]
PlanOf = Callable[[Json], tuple[str, str]]

# Where Stripe leaves a subscription past due for ever, it does not count for ever.
LONGEST_PAST_DUE = 30 * DAY
NEVER = 32_503_680_000  # the year 3000: all turns have been by then
STUCK = State(end_reason=EndReason.PAYMENT_FAILED)


@dataclass(frozen=True)
class Said:
    """A moment, in Unix seconds, with its source's id and what was kept of the subscription."""

    at: int
    source_id: str
    kept: Json

    @property
    def order(self) -> tuple[int, bool, str]:
        """What ended comes last of what was said in one second."""
        return self.holds_from, bool(self.kept.get("ended_at")), self.source_id

    @property
    def holds_from(self) -> int:
        """An end holds from when it came to pass, however late we heard of it."""
        return min(self.at, self.kept.get("ended_at") or self.at)


@dataclass(frozen=True)
class Span:
    """What a subscription was from one London day until before another; None for no end.

    `turns_at`: when a span that goes on will change by itself, as a discount ends.
    """

    starts_on: date
    ends_on: date | None
    state: State
    end_reason: str = ""
    turns_at: int | None = None

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True)
class _Reign:
    """How long what was said held, and when it would no longer count as paying."""

    said: Said
    begins: int
    ends: int | None
    stuck_at: int | None

    def turns(self, discounts: KnownDiscounts) -> list[int]:
        """Return when the state changes by itself, until something else is said."""
        resumes_at = (self.said.kept.get("pause_collection") or {}).get("resumes_at")
        turns = {*discounts.boundaries(), resumes_at, self.stuck_at} - {None}
        return sorted(at for at in turns if at > self.begins and (not self.ends or at < self.ends))


def spans_of(
    sayings: Iterable[Said], *, plan_of: PlanOf, paid_since: int | None, until: int
) -> list[Span]:
    """Return the spans up to a moment `until`, oldest first.

    `paid_since` is when the first invoice that was not over nothing was paid: nobody pays before.
    """
    ordered = sorted(sayings, key=lambda said: said.order)
    discounts = KnownDiscounts(said.kept for said in ordered)
    reigns = [*_reigns(ordered)]
    states = (state for reign in reigns for state in _states(reign, discounts, plan_of, until))
    spans = _by_day(list(_from_first_payment(states, paid_since)))
    if spans and spans[-1].ends_on is None:
        coming = (at for at in reigns[-1].turns(discounts) if at > until)
        spans[-1] = replace(spans[-1], turns_at=next(coming, None))
    return spans


def check_readable(said: Said) -> None:
    """Raises UnreadableSubscription for what `spans_of` could not be given."""
    with unreadable_if_garbled():
        spans = spans_of([said], plan_of=lambda kept: ("", ""), paid_since=None, until=NEVER)
        for span in spans:  # a turn later than that is no moment at all
            day_of_timestamp(span.turns_at)


def _reigns(ordered: list[Said]) -> Iterator[_Reign]:
    past_due_since = None
    for said, following in pairwise([*ordered, None]):
        begins = _began(said) if said is ordered[0] else said.holds_from
        is_past_due = said.kept["status"] == "past_due"
        past_due_since = (past_due_since or begins) if is_past_due else None
        stuck_at = past_due_since + LONGEST_PAST_DUE if past_due_since else None
        yield _Reign(said, begins, following.holds_from if following else None, stuck_at)


def _states(
    reign: _Reign, discounts: KnownDiscounts, plan_of: PlanOf, until: int
) -> Iterator[tuple[int, State]]:
    kept = reign.said.kept
    for at in [reign.begins, *(at for at in reign.turns(discounts) if at <= until)]:
        state = state_at(kept, at, discounts, plan_of(kept))
        is_stuck = reign.stuck_at is not None and at >= reign.stuck_at
        yield at, STUCK if is_stuck and state.runs else state


def _began(said: Said) -> int:
    """What was first said holds from the subscription's start: it was not heard of earlier."""
    start = said.kept.get("start_date") or said.kept.get("created") or said.holds_from
    return min(start, said.holds_from)


def _from_first_payment(
    states: Iterable[tuple[int, State]], paid_since: int | None
) -> Iterator[tuple[int, State]]:
    """Nobody pays before the first payment: until then all stays as it was.

    Where no payment is known, it is from the start of the subscription.
    """
    was, waiting = State(), None
    for at, state in states:
        if waiting and paid_since and at > paid_since:
            yield paid_since, waiting
        waiting = None
        if state.standing == Standing.PAYING and paid_since and at < paid_since:
            waiting = state
            state = replace(was, end_reason="")
        yield at, state
        was = state
    if waiting and paid_since:
        yield paid_since, waiting


def _by_day(states: list[tuple[int, State]]) -> list[Span]:
    """Keep the last state of each London day, and only what differs from the one before."""
    last: dict[date, State] = {}
    for at, state in states:
        last[day_of_timestamp(at)] = state
    days = sorted(last)
    changes = [
        day for index, day in enumerate(days) if not index or last[day] != last[days[index - 1]]
    ]
    return [
        Span(day, following, last[day], last[following].end_reason if following else "")
        for day, following in pairwise([*changes, None])
        if last[day].runs
    ]
