"""From a course to what happens to one house, and when guests could find it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from billing.models import Cycle
from crm.demo import happenings as story
from crm.demo.conversations import REJECTIONS
from crm.demo.houses import HousePlan
from crm.demo.memberships import (
    CYCLES,
    DUNNING_DAYS,
    FAILS_AT_RENEWAL,
    GOOD_CARD,
    MASTERCARD,
    TIERS,
    Course,
    Sale,
    months_before,
    months_of,
    with_renewal_near,
    working_hours,
)
from crm.demo.people import AGENT, MANAGER

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
YEAR = 365 * DAY


@dataclass
class Life:
    """One house's life. `shown` are the times from and to which it was public."""

    house: HousePlan
    course: Course
    happenings: list[story.Happening] = field(default_factory=list)
    added_at: datetime | None = None
    shown: list[tuple[datetime, datetime]] = field(default_factory=list)

    def is_shown(self, moment: datetime) -> bool:
        return any(start < moment < end for start, end in self.shown)

    def is_dark(self, moment: datetime) -> bool:
        """Whether guests may still have its address, but it is off the market."""
        return bool(self.shown) and moment > self.shown[-1][1] + DAY


class LifeWriter:
    """Writes one life; `bought` below is always the first sale."""

    def __init__(self, rng: Random, start: datetime, now: datetime) -> None:
        self.rng, self.now = rng, now
        self.earliest = start + 8 * DAY

    def write(self, house: HousePlan, course: Course, tier: str, cycle: str) -> Life:
        self.life = Life(house, course)
        self.tier, self.cycle = tier, cycle
        COURSES[course](self)
        return self.life

    # --- Moments ----------------------------------------------------------------------------------

    def later(self, moment: datetime, low: timedelta, high: timedelta) -> datetime:
        """Return a time between the two, moved out of the night."""
        found = moment + self.rng.uniform(0, 1) * (high - low) + low
        if 7 <= found.hour < 22:
            return found
        return found + timedelta(hours=(31 - found.hour) % 24)

    def between(self, first: datetime, last: datetime) -> datetime:
        """Return a moment by day; later ones are likelier, because the business grows."""
        share = self.rng.triangular(0, 1, 0.7)
        return working_hours(self.rng, first + (max(last, first) - first) * share)

    def ago(self, most: float, least: float) -> datetime:
        """Return a moment so many days ago."""
        return working_hours(self.rng, self.now - self.rng.uniform(least, most) * DAY)

    def renewal_days_ago(self, low: float, high: float, periods: int) -> datetime:
        """Return when to buy, for a renewal that many days ago (negative: to come)."""
        near = self.now - self.rng.uniform(low, high) * DAY
        return with_renewal_near(near, self.cycle, periods)

    def renewal(self, bought: datetime, periods: int) -> datetime:
        return months_before(bought, -periods * months_of(self.cycle))

    # --- Steps ------------------------------------------------------------------------------------

    def add(self, kind: type[story.OfHouse], at: datetime, *details: object) -> datetime:
        self.life.happenings.append(kind(at, self.life.house, *details))
        return at

    def begin(self, bought: datetime) -> None:
        self.life.added_at = self.later(bought, -3 * DAY, -12 * HOUR)

    def buy(self, at: datetime, card: str | None = None) -> datetime:
        """Buy at a day that every month has, so that renewals are easy to foresee."""
        at -= DAY * max(0, at.day - 28)
        if not self.life.added_at:
            self.begin(at)
        card = card or self.rng.choice([GOOD_CARD, GOOD_CARD, MASTERCARD])
        return self.add(story.Buy, at, Sale(self.tier, self.cycle, card))

    def submit(self, bought: datetime) -> datetime:
        return self.add(story.Submit, bought + self.rng.uniform(0.2, 2) * HOUR)

    def approve(self, submitted: datetime) -> datetime:
        by = self.rng.choice([MANAGER, MANAGER, AGENT])
        at = self.add(story.Approve, self.later(submitted, 3 * HOUR, 40 * HOUR), by)
        self.life.shown.append((at, self.now))
        return at

    def go_live(self, bought: datetime, card: str | None = None) -> datetime:
        """Buy, submit, be approved; return when it was bought."""
        bought = self.buy(bought, card)
        self.approve(self.submit(bought))
        return bought

    def reject(self, submitted: datetime) -> datetime:
        reason = self.rng.choice(REJECTIONS)
        at = self.later(submitted, 6 * HOUR, 40 * HOUR)
        return self.add(story.Reject, at, MANAGER, reason)

    def hide(self, at: datetime) -> None:
        start, _ = self.life.shown.pop()
        self.life.shown.append((start, at))

    def fail_from(self, bought: datetime, periods: int) -> None:
        """Let the renewal after so many periods fail, by a card that was put in before it."""
        if periods > 1:
            before = self.renewal(bought, periods) - self.rng.uniform(6, 12) * DAY
            self.add(story.ChangeCard, before, FAILS_AT_RENEWAL)


# --- Courses --------------------------------------------------------------------------------------


def steady(writer: LifeWriter) -> None:
    writer.go_live(writer.between(writer.earliest, writer.now - 20 * DAY))


def paused(writer: LifeWriter) -> None:
    writer.go_live(writer.between(writer.earliest, writer.now - 60 * DAY))
    writer.hide(writer.add(story.Pause, writer.ago(25, 3)))


def recovered(writer: LifeWriter) -> None:
    length = YEAR if writer.cycle == Cycle.ANNUAL else 31 * DAY
    latest = writer.now - length - 20 * DAY
    bought = writer.go_live(writer.between(writer.earliest, latest), FAILS_AT_RENEWAL)
    fixed = writer.later(writer.renewal(bought, 1), DAY, 2.5 * DAY)
    writer.add(story.ChangeCard, fixed, GOOD_CARD)


def returned(writer: LifeWriter) -> None:
    writer.cycle = Cycle.MONTHLY
    bought = writer.go_live(writer.between(writer.earliest, writer.now - 220 * DAY))
    periods = writer.rng.randint(2, 4)
    writer.add(story.Leave, writer.renewal(bought, periods) - writer.rng.uniform(5, 20) * DAY)
    end = writer.renewal(bought, periods)
    writer.hide(end)
    writer.cycle = Cycle.ANNUAL
    writer.go_live(writer.later(end, 30 * DAY, 60 * DAY))


def second_try(writer: LifeWriter) -> None:
    bought = writer.buy(writer.between(writer.earliest, writer.now - 30 * DAY))
    rejected = writer.reject(writer.submit(bought))
    again = writer.add(story.Submit, writer.later(rejected, 5 * HOUR, 4 * DAY))
    writer.approve(again)


def past_due(writer: LifeWriter) -> None:
    periods = 1 if writer.cycle == Cycle.ANNUAL else writer.rng.randint(2, 9)
    bought = writer.renewal_days_ago(2, 9, periods)
    bought = writer.go_live(bought, FAILS_AT_RENEWAL if periods == 1 else GOOD_CARD)
    writer.fail_from(bought, periods)


def leaving(writer: LifeWriter) -> None:
    if writer.cycle == Cycle.ANNUAL:
        writer.go_live(writer.ago(330, 120))
    else:
        writer.go_live(writer.renewal_days_ago(-20, -8, writer.rng.randint(3, 10)))
    writer.add(story.Leave, writer.ago(6, 1))


def left(writer: LifeWriter) -> None:
    if writer.cycle == Cycle.ANNUAL:
        periods, latest = 1, writer.now - YEAR - 15 * DAY
        notice = writer.rng.uniform(20, 150) * DAY
    else:
        periods, latest = writer.rng.randint(2, 4), writer.now - 150 * DAY
        notice = writer.rng.uniform(5, 20) * DAY
    bought = writer.go_live(writer.between(writer.earliest, latest))
    end = writer.renewal(bought, periods)
    writer.add(story.Leave, end - notice)
    writer.hide(end)


def cut_short(writer: LifeWriter) -> None:
    writer.go_live(writer.ago(300, 120))
    writer.hide(writer.add(story.EndNow, writer.ago(60, 30)))


def unpaid(writer: LifeWriter) -> None:
    annual = writer.cycle == Cycle.ANNUAL
    periods = 1 if annual else writer.rng.randint(2, 5)
    latest = writer.now - (YEAR + 20 * DAY if annual else 185 * DAY)

    card = FAILS_AT_RENEWAL if annual else GOOD_CARD
    bought = writer.go_live(writer.between(writer.earliest, latest), card)
    writer.fail_from(bought, periods)
    writer.hide(writer.renewal(bought, periods) + DUNNING_DAYS * DAY)


def pending(writer: LifeWriter) -> None:
    writer.submit(writer.buy(writer.later(writer.now - 70 * HOUR, 0 * HOUR, 44 * HOUR)))


def rejected(writer: LifeWriter) -> None:
    writer.reject(writer.submit(writer.buy(writer.ago(28, 9))))


def unsubmitted(writer: LifeWriter) -> None:
    writer.buy(writer.ago(20, 8))


def draft(writer: LifeWriter) -> None:
    writer.life.added_at = writer.ago(60, 1)


COURSES: dict[Course, Callable[[LifeWriter], None]] = {
    Course.STEADY: steady,
    Course.PAUSED: paused,
    Course.RECOVERED: recovered,
    Course.RETURNED: returned,
    Course.SECOND_TRY: second_try,
    Course.PAST_DUE: past_due,
    Course.LEAVING: leaving,
    Course.LEFT: left,
    Course.CUT_SHORT: cut_short,
    Course.UNPAID: unpaid,
    Course.PENDING: pending,
    Course.REJECTED: rejected,
    Course.UNSUBMITTED: unsubmitted,
    Course.DRAFT: draft,
}


def deal(rng: Random, number: int) -> list[tuple[str, str]]:
    """Return tier and cycle for each house: every pair comes before any comes again."""
    pairs = [(tier, cycle) for tier in dict.fromkeys(TIERS) for cycle in dict.fromkeys(CYCLES)]
    rng.shuffle(pairs)
    more = [(rng.choice(TIERS), rng.choice(CYCLES)) for _ in range(max(0, number - len(pairs)))]
    return (pairs + more)[:number]
