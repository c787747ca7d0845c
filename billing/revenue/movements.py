"""From the spans of one owner's subscriptions to the movements of the owner's MRR: pure.

All subscriptions are added up, and a London day is one step, so that a switch is its difference.
Definitions D1 to D12; docs/revenue.md tells them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from billing.models.revenue import EndReason, Movement, Standing
from billing.revenue.timeline import Span
from billing.revenue.worth import State
from billing.state import OUR_CURRENCY

Spans = dict[str, list[Span]]  # by the subscription's id
NOTHING = State()


@dataclass(frozen=True)
class Move:
    """One movement of one owner on one London day. Pence a year; `amount` is above zero."""

    day: date
    kind: str
    before: int
    after: int
    subscription: str
    tier: str
    cycle: str
    what: str
    reason: str = ""
    was_past_due: bool = False

    @property
    def amount(self) -> int:
        return abs(self.after - self.before)


@dataclass(frozen=True)
class Day:
    """What all of an owner's subscriptions were at the end of a London day."""

    states: dict[str, State]

    @property
    def total(self) -> int:
        return sum(counted(state) for state in self.states.values())

    @property
    def runs(self) -> bool:
        return any(state.runs for state in self.states.values())


def counted(state: State) -> int:
    """Return what counts in MRR, in pence a year: other currencies are never added."""
    return state.annual_pence if state.currency == OUR_CURRENCY else 0


def moves_of(spans: Spans) -> list[Move]:
    return [*_moves(spans)]


def _moves(spans: Spans) -> Iterator[Move]:
    has_paid = False
    days = sorted({day for each in spans.values() for span in each for day in _edges(span)})
    pictures = [Day({}), *(_on(day, spans) for day in days)]
    for day, (before, after) in zip(days, pairwise(pictures), strict=True):
        if before.total != after.total:
            yield _move(day, before, after, spans, has_paid=has_paid)
        has_paid = has_paid or after.total > 0


def _edges(span: Span) -> list[date]:
    return [day for day in (span.starts_on, span.ends_on) if day]


def _on(day: date, spans: Spans) -> Day:
    return Day(
        {
            name: next((span.state for span in each if span.holds_on(day)), NOTHING)
            for name, each in spans.items()
        }
    )


def _move(day: date, before: Day, after: Day, spans: Spans, *, has_paid: bool) -> Move:
    name = _moved_most(before, after)
    was, is_now = before.states.get(name, NOTHING), after.states[name]
    kind = _kind(before, after, has_paid=has_paid)
    shown = is_now if is_now.standing == Standing.PAYING else was
    is_churn = kind == Movement.CHURN
    return Move(
        day=day,
        kind=kind,
        before=before.total,
        after=after.total,
        subscription=name,
        tier=shown.tier,
        cycle=shown.cycle,
        what=_in_words(was, is_now),
        reason=_end_reason(spans[name], day) if is_churn else "",
        was_past_due=is_churn and was.is_at_risk,
    )


def _moved_most(before: Day, after: Day) -> str:
    def moved(name: str) -> int:
        return abs(counted(after.states[name]) - counted(before.states.get(name, NOTHING)))

    return max(sorted(after.states), key=moved)


def _kind(before: Day, after: Day, *, has_paid: bool) -> str:
    if before.total and after.total:
        return Movement.EXPANSION if after.total > before.total else Movement.CONTRACTION
    if after.total:
        if has_paid and _turned(before, after, Standing.PAUSED, Standing.PAYING):
            return Movement.RESUMED
        return Movement.REACTIVATION if has_paid else Movement.NEW
    if _turned(before, after, Standing.PAYING, Standing.PAUSED):
        return Movement.PAUSED
    return Movement.CONTRACTION if after.runs else Movement.CHURN


def _turned(before: Day, after: Day, was: str, is_now: str) -> bool:
    return any(
        state.standing == is_now and before.states.get(name, NOTHING).standing == was
        for name, state in after.states.items()
    )


def _end_reason(spans: list[Span], day: date) -> str:
    reasons = (span.end_reason for span in spans if span.ends_on == day)
    return next(reasons, "") or EndReason.OTHER


def _in_words(was: State, is_now: State) -> str:
    """Say what became of the subscription that moved most: “Silver monthly to gold annual”."""
    names = [_plan(state) for state in (was, is_now) if state.runs]
    return " to ".join(dict.fromkeys(names)).capitalize()


def _plan(state: State) -> str:
    plan = f"{state.tier or 'unknown plan'} {state.cycle}".strip()
    return plan if state.standing in {"", Standing.PAYING} else f"{plan} ({state.standing})"
