"""From a course to what happens to one house, and when guests could find it."""

from collections import Counter
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
    GOOD_CARD,
    MASTERCARD,
    REFUSALS,
    RISING,
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
TEN_MONTHS = 300 * DAY  # every month of a monthly plan takes time to make
# Days since the first failure; some more where the month is too short for the day.
PAST_DUE_DAYS = [(4.5, 9), (8, 10.5), (0.3, 1), (6, 9), (1.5, 4)]


@dataclass
class Life:
    """One house's life. `shown` are the times from and to which it was public."""

    house: HousePlan
    course: Course
    happenings: list[story.Happening] = field(default_factory=list)
    added_at: datetime | None = None
    shown: list[tuple[datetime, datetime]] = field(default_factory=list)
    failed_at: datetime | None = None  # the first try at a renewal that is not paid

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
        self.written: Counter[Course] = Counter()

    def write(self, house: HousePlan, course: Course, tier: str, cycle: str) -> Life:
        self.life = Life(house, course)
        self.tier, self.cycle = tier, cycle
        self.turn = self.written[course]  # courses with several ways go through them in turn
        self.written[course] += 1
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

    def fail_from(self, bought: datetime, periods: int, refusal: str) -> None:
        """Let the renewal after so many periods fail, for what comes to light before it."""
        self.life.failed_at = self.renewal(bought, periods)
        before = self.life.failed_at - self.rng.uniform(6, 12) * DAY
        kind = story.ChangeCard if refusal.isdigit() else story.BankSays
        self.add(kind, before, refusal)

    def mend(self, failed: datetime) -> None:
        """Put in a new card a day or two after the failure; the worker finds it within the hour."""
        fixed = self.add(story.ChangeCard, self.later(failed, DAY, 2.5 * DAY), GOOD_CARD)
        self.life.happenings.append(story.WorkerRound(fixed + self.rng.uniform(0.2, 1) * HOUR))

    def change(self, at: datetime, tier: str, cycle: str) -> None:
        self.add(story.ChangePlan, at, tier, cycle)


# --- Courses --------------------------------------------------------------------------------------


def steady(writer: LifeWriter) -> None:
    writer.go_live(writer.between(writer.earliest, writer.now - 20 * DAY))


def paused(writer: LifeWriter) -> None:
    writer.go_live(writer.between(writer.earliest, writer.now - 60 * DAY))
    writer.hide(writer.add(story.Pause, writer.ago(25, 3)))


def recovered(writer: LifeWriter) -> None:
    """By a new card, or because there was money again when Stripe tried the second time."""
    length = YEAR if writer.cycle == Cycle.ANNUAL else 31 * DAY
    latest = writer.now - length - 20 * DAY
    bought = writer.go_live(writer.between(writer.earliest, latest))
    failed = writer.renewal(bought, 1)
    writer.fail_from(bought, 1, REFUSALS[writer.turn % 2])
    if writer.turn % 2:
        writer.add(story.BankSays, failed + writer.rng.uniform(1, 2) * DAY, "")
    else:
        writer.mend(failed)


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


def upgraded(writer: LifeWriter) -> None:
    before, after = writer.rng.choice([RISING[:2], RISING[1:], RISING[::2]])
    writer.tier = before
    bought = writer.go_live(writer.between(writer.earliest, writer.now - 60 * DAY))
    writer.change(writer.between(bought + 25 * DAY, writer.now - 5 * DAY), after, writer.cycle)


def downgraded(writer: LifeWriter) -> None:
    """Some months ago, or still to come at the end of the year that is paid."""
    writer.tier, after = writer.rng.choice([("gold", "silver"), ("silver", "bronze")])
    writer.cycle = Cycle.ANNUAL if writer.turn % 2 else Cycle.MONTHLY
    if writer.cycle == Cycle.ANNUAL:
        writer.go_live(writer.ago(300, 120))
        at = writer.ago(20, 3)
    else:
        latest = writer.now - 130 * DAY
        bought = writer.go_live(writer.between(writer.earliest, latest))
        at = writer.later(writer.renewal(bought, 2), 5 * DAY, 20 * DAY)
    writer.change(at, after, writer.cycle)


def switched(writer: LifeWriter) -> None:
    """From monthly to yearly at once; or back, at the end of the year that was paid."""
    back = writer.turn % 2 == 1
    writer.cycle, after = (Cycle.ANNUAL, Cycle.MONTHLY) if back else (Cycle.MONTHLY, Cycle.ANNUAL)
    latest = writer.now - (YEAR + 40 * DAY if back else 90 * DAY)
    bought = writer.go_live(writer.between(writer.earliest, latest))
    if back:
        at = writer.later(writer.renewal(bought, 1), -50 * DAY, -5 * DAY)
    else:
        at = writer.between(bought + 40 * DAY, writer.now - 6 * DAY)
    writer.change(at, writer.tier, after)


def discounted(writer: LifeWriter) -> None:
    """Half the price for three months: in the past, or just now."""
    writer.cycle = Cycle.MONTHLY
    bought = writer.go_live(writer.between(writer.now - TEN_MONTHS, writer.now - 200 * DAY))
    long_ago = writer.later(writer.renewal(bought, 1), 5 * DAY, 20 * DAY)
    writer.add(story.GiveCoupon, writer.ago(40, 20) if writer.turn % 2 else long_ago, 50, 3)


def refunded(writer: LifeWriter) -> None:
    writer.cycle = Cycle.MONTHLY
    bought = writer.go_live(writer.between(writer.now - TEN_MONTHS, writer.now - 150 * DAY))
    writer.add(story.GiveBack, writer.later(writer.renewal(bought, 1), 2 * DAY, 9 * DAY), 2_000)
    writer.add(story.Credit, writer.later(writer.renewal(bought, 3), 2 * DAY, 9 * DAY), 1_500)


def disputed(writer: LifeWriter) -> None:
    """A payment was disputed by mistake and came back; or the bank has not decided yet."""
    writer.cycle = Cycle.MONTHLY
    bought = writer.go_live(writer.between(writer.now - TEN_MONTHS, writer.now - 150 * DAY))
    if writer.turn % 2:
        writer.add(story.Dispute, writer.ago(6, 2), "product_not_received")
        return
    asked = writer.later(writer.renewal(bought, 2), 4 * DAY, 20 * DAY)
    writer.add(story.Dispute, asked, "unrecognized")
    writer.add(story.DecideDispute, writer.later(asked, 15 * DAY, 40 * DAY), True)


def on_hold(writer: LifeWriter) -> None:
    writer.cycle = Cycle.MONTHLY
    writer.go_live(writer.between(writer.now - TEN_MONTHS, writer.now - 120 * DAY))
    ends = (writer.now + writer.rng.uniform(30, 50) * DAY).replace(microsecond=0)
    writer.add(story.Hold, writer.ago(45, 33), ends)


def past_due(writer: LifeWriter) -> None:
    """One for each reason, from yesterday's to one that will soon be given up."""
    least, most = PAST_DUE_DAYS[writer.turn % len(PAST_DUE_DAYS)]
    periods = 1 if writer.cycle == Cycle.ANNUAL else writer.rng.randint(2, 9)
    bought = writer.go_live(writer.renewal_days_ago(least, most, periods))
    writer.fail_from(bought, periods, REFUSALS[writer.turn % len(REFUSALS)])


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
    ended = writer.add(story.EndNow, writer.ago(60, 30))
    writer.hide(ended)
    writer.add(story.GiveBack, writer.later(ended, HOUR, 4 * HOUR))


def charged_back(writer: LifeWriter) -> None:
    writer.cycle = Cycle.ANNUAL
    bought = writer.go_live(writer.between(writer.earliest, writer.now - 100 * DAY))
    asked = writer.add(story.Dispute, writer.later(bought, 9 * DAY, 20 * DAY), "fraudulent")
    lost = writer.add(story.DecideDispute, writer.later(asked, 20 * DAY, 40 * DAY), False)
    writer.hide(writer.add(story.EndNow, writer.later(lost, 2 * HOUR, 20 * HOUR)))


def unpaid(writer: LifeWriter) -> None:
    annual = writer.cycle == Cycle.ANNUAL
    periods = 1 if annual else writer.rng.randint(2, 5)
    latest = writer.now - (YEAR + 20 * DAY if annual else 185 * DAY)

    bought = writer.go_live(writer.between(writer.earliest, latest))
    writer.fail_from(bought, periods, REFUSALS[(writer.turn + 1) % len(REFUSALS)])
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
    Course.UPGRADED: upgraded,
    Course.DOWNGRADED: downgraded,
    Course.SWITCHED: switched,
    Course.DISCOUNTED: discounted,
    Course.REFUNDED: refunded,
    Course.DISPUTED: disputed,
    Course.ON_HOLD: on_hold,
    Course.PAST_DUE: past_due,
    Course.LEAVING: leaving,
    Course.LEFT: left,
    Course.CUT_SHORT: cut_short,
    Course.CHARGED_BACK: charged_back,
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
