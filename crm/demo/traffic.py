"""The enquiries of eighteen months: which guest asks about which house when, and what follows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from crm.demo import happenings as story
from crm.demo.enquiries import LOST_REASONS, EnquiryPlan, write_enquiry, write_spam
from crm.demo.houses import HousePlan
from crm.demo.lives import DAY, HOUR, Life
from crm.demo.memberships import working_hours
from crm.demo.people import AGENT, Crowd, OwnerPlan, Person

# How much is asked in each month, January first: people plan in the dark.
SEASON = [1.5, 1.25, 1.1, 1.0, 1.1, 1.0, 0.9, 0.85, 1.1, 1.0, 0.9, 0.6]
GROWTH = 3  # at the end three times as much as at the beginning
FRESH = 0.03  # the share that came in within the last day and a half
# Every so many enquiries, beginning with the middle one of the first so many:
SPAM_EVERY = 20
TRAPPED_EVERY = 50
TOO_LATE_EVERY = 60  # about a house that is off the market by then
# The few guests who ask again and again.
REGULARS = 8
COMES_BACK = 0.07
FORGOTTEN = 0.2  # the share of the latest weeks' enquiries that nobody has answered


class Traffic:
    def __init__(self, rng: Random, lives: list[Life], crowd: Crowd, now: datetime) -> None:
        self.rng, self.lives, self.crowd, self.now = rng, lives, crowd, now
        self.opened_at = min(life.shown[0][0] for life in lives if life.shown)
        self.popularity = {life.house.title: rng.uniform(0.5, 2) for life in lives}
        self.regulars: list[Person] = []

    def write(
        self, number: int, owners: dict[str, OwnerPlan], future_owner: tuple[Person, datetime]
    ) -> Iterator[story.Happening]:
        """Yield `number` enquiries and all that follows from them. `owners` is by house title."""
        self.owners = owners
        before_signup = self._moments_before(future_owner[1], 3)
        moments = sorted([self._moment(n / number) for n in range(number - 3)] + before_signup)
        for place, moment in enumerate(moments):
            guest = future_owner[0] if moment in before_signup else None
            yield from self._one(place + 1, moment, guest)

    def _moments_before(self, signup: datetime, count: int) -> list[datetime]:
        first = max(self.opened_at, signup - 150 * DAY)
        return [
            first + (signup - first) * (step + self.rng.random()) / (count + 1)
            for step in range(count)
        ]

    def _moment(self, share: float) -> datetime:
        if share < FRESH:
            return self.now - self.rng.uniform(1, 36) * HOUR
        span = self.now - self.opened_at
        while True:
            through = self.rng.random()
            moment = self.opened_at + span * through
            weight = SEASON[moment.month - 1] * (1 + (GROWTH - 1) * through)
            if self.rng.random() * max(SEASON) * GROWTH < weight:
                return min(working_hours(self.rng, moment), self.now - HOUR)

    # --- One enquiry ------------------------------------------------------------------------------

    def _one(
        self, number: int, moment: datetime, guest: Person | None
    ) -> Iterator[story.Happening]:
        if guest is None and (falls_on(number, TRAPPED_EVERY) or falls_on(number, SPAM_EVERY)):
            yield from self._junk(number, moment)
            return
        dark = [life.house for life in self.lives if life.is_dark(moment)]
        too_late = guest is None and dark and falls_on(number, TOO_LATE_EVERY)
        house = self.rng.choice(dark) if too_late else self._house(moment)
        # A day ahead, so that no time zone makes an arrival lie in the past.
        tomorrow = (moment + DAY).date()
        plan = write_enquiry(self.rng, number, house, guest or self._guest(), tomorrow)
        yield story.Enquire(moment, plan)
        if not too_late:
            yield from self._outcome(plan, moment)

    def _junk(self, number: int, moment: datetime) -> Iterator[story.Happening]:
        """Programs fall into the form's trap and are held back; the rest an owner marks."""
        house = self._house(moment)
        trapped = falls_on(number, TRAPPED_EVERY)
        plan = write_spam(self.rng, number, house, trapped=trapped)
        yield story.Enquire(moment, plan)
        if not trapped:
            by = self.owners[house.title].person
            yield story.MarkSpam(self._later(moment, 2, 30), plan, by)

    def _house(self, moment: datetime) -> HousePlan:
        shown = [life.house for life in self.lives if life.is_shown(moment)]
        shown = shown or [life.house for life in self.lives if life.shown]
        return self.rng.choices(shown, [self.popularity[house.title] for house in shown])[0]

    def _guest(self) -> Person:
        if self.regulars and self.rng.random() < COMES_BACK:
            return self.rng.choice(self.regulars)
        guest = self.crowd.person()
        if len(self.regulars) < REGULARS and self.rng.random() < 0.1:
            self.regulars.append(guest)
        return guest

    def _outcome(self, plan: EnquiryPlan, moment: datetime) -> Iterator[story.Happening]:
        """Most are answered within two days; then some book and some do not."""
        owner = self.owners[plan.house.title].person
        by = AGENT if self.rng.random() < 0.15 else owner
        fate = self.rng.random()
        if fate < FORGOTTEN and moment > self.now - 25 * DAY:
            return
        answered = self._later(moment, 0.5, 44)
        yield story.Answer(answered, plan, by)
        decided = self._later(answered, 30, 420)
        if 0.25 < fate < 0.57:
            yield story.Convert(decided, plan, by)
        elif fate >= 0.57:
            yield story.Lose(decided, plan, by, self.rng.choice(LOST_REASONS))

    def _later(self, moment: datetime, low: float, high: float) -> datetime:
        """Return a time by day, so many hours later; the short waits are likelier."""
        found = moment + timedelta(hours=self.rng.triangular(low, high, low))
        return found if 7 <= found.hour < 22 else found + timedelta(hours=(31 - found.hour) % 24)


def falls_on(number: int, every: int) -> bool:
    return number % every == every // 2
