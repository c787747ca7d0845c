"""The whole story as a list in order of time: a pure function of seed, `now` and scale."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from random import Random

from accounts.london import LONDON, day_of
from crm.demo import happenings as story
from crm.demo.conversations import (
    ABOUT_LEAVING,
    ABOUT_LISTING,
    ABOUT_MONEY,
    ABOUT_REJECTION,
    NOTES,
    TAGS,
    WELCOME,
    WITH_GUESTS,
    Words,
)
from crm.demo.houses import Builders
from crm.demo.lives import DAY, HOUR, Life, LifeWriter, deal
from crm.demo.memberships import Course, counts
from crm.demo.people import AGENT, MANAGER, OLIVIA, Crowd, OwnerPlan
from crm.demo.traffic import Traffic

LENGTH = timedelta(days=548)
WORKER_AT = time(9, 30)  # London; the hour's round in which nearly all of the day's mail goes out
OWNERS, ENQUIRIES = 40, 400
FEWEST_ENQUIRIES = 30  # so that even the smallest story has one of every sort

OWING = {Course.PAST_DUE, Course.UNPAID}
# A new card is for everything that an owner pays, and what happens to a charge has all memberships
# of its customer looked at again. So these owners have one house each.
ALONE = OWING | {
    Course.RECOVERED,
    Course.REFUNDED,
    Course.DISPUTED,
    Course.CHARGED_BACK,
    Course.CUT_SHORT,
}
# What the owner of the demo login has on the dashboard.
OLIVIAS = [Course.STEADY, Course.STEADY, Course.PAUSED, Course.PENDING, Course.DRAFT]


@dataclass(frozen=True)
class Story:
    seed: str
    now: datetime
    happenings: list[story.Happening]

    @property
    def begins_at(self) -> datetime:
        return self.happenings[0].at


def plan_story(seed: str, now: datetime, scale: float = 1) -> Story:
    """`now` is in UTC and in whole seconds. What would come after it has not happened yet."""
    return Story(seed, now, StoryWriter(seed, now, scale).write())


class StoryWriter:
    def __init__(self, seed: str, now: datetime, scale: float) -> None:
        self.seed, self.now, self.scale = seed, now, scale
        self.start = now - LENGTH
        self.crowd = Crowd(self.dice("people"))
        self.owners: dict[str, OwnerPlan] = {}  # by the title of the house

    def dice(self, topic: str) -> Random:
        """Return dice of its own for each topic: a change in one leaves the others' falls alone."""
        return Random(f"{self.seed}/{topic}")  # noqa: S311  (a story, not a secret)

    def write(self) -> list[story.Happening]:
        lives = self.write_lives()
        families = self.share_out(lives)
        happened = [*self.staff(), *self.rounds(), *self.arrivals(families)]
        happened += [step for life in lives for step in life.happenings]
        happened += self.traffic(lives, families)
        happened += self.talks(lives, families, happened)
        latest = self.now - timedelta(minutes=5)
        past = [in_whole_seconds(each) for each in happened if each.at < latest]
        return sorted(past, key=lambda each: each.at)

    # --- Houses and their owners ------------------------------------------------------------------

    def write_lives(self) -> list[Life]:
        rng, builders = self.dice("lives"), Builders(self.dice("houses"))
        courses = [course for course, many in counts(self.scale).items() for _ in range(many)]
        writer = LifeWriter(rng, self.start, self.now)
        hands = deal(rng, len(courses))
        return [
            writer.write(builders.house(), course, *hand)
            for course, hand in zip(courses, hands, strict=True)
        ]

    def share_out(self, lives: list[Life]) -> list[tuple[OwnerPlan, list[Life]]]:
        """Give every house an owner: Olivia hers, the troubled ones each its own, then the rest."""
        rng, left = self.dice("owners"), list(lives)
        olivias = []
        for course in OLIVIAS:
            mine = next((life for life in left if life.course is course), None)
            if mine:
                left.remove(mine)
                olivias.append(mine)
        alone = [life for life in left if life.course in ALONE]
        rest = [life for life in left if life.course not in ALONE]
        rng.shuffle(rest)
        number = max(2, round(OWNERS * self.scale) - 1 - len(alone))
        shares: list[list[Life]] = [[life] for life in rest[:number]]
        for life in rest[number:]:
            rng.choice(shares).append(life)
        families = [(self.crowd.owner(OLIVIA), olivias)]
        families += [(self.crowd.owner(), share) for share in [[life] for life in alone] + shares]
        self.owners = {life.house.title: owner for owner, share in families for life in share}
        return families

    def arrivals(self, families: list[tuple[OwnerPlan, list[Life]]]) -> list[story.Happening]:
        rng, happened = self.dice("arrivals"), []
        for owner, share in families:
            first = min(life.added_at for life in share)
            happened.append(story.SignUp(first - rng.uniform(0.3, 40) * HOUR, owner))
            happened += [story.AddHouse(life.added_at, owner, life.house) for life in share]
        return happened

    def staff(self) -> list[story.Happening]:
        first = self.start - DAY
        return [
            story.StaffJoin(first, MANAGER, is_manager=True),
            story.StaffJoin(first + HOUR, AGENT, is_manager=False),
        ]

    def rounds(self) -> list[story.Happening]:
        first, days = day_of(self.start), range(1, LENGTH.days + 1)
        mornings = [datetime.combine(first + day * DAY, WORKER_AT, LONDON) for day in days]
        return [story.WorkerRound(morning.astimezone(UTC)) for morning in mornings]

    # --- Guests -----------------------------------------------------------------------------------

    def traffic(
        self, lives: list[Life], families: list[tuple[OwnerPlan, list[Life]]]
    ) -> list[story.Happening]:
        """One owner was a guest first: whoever signed up nearest to a year after the start."""
        signups = {
            owner: min(life.added_at for life in share) - 3 * DAY for owner, share in families[1:]
        }
        middle = self.start + LENGTH * 0.6
        owner = min(signups, key=lambda each: abs(signups[each] - middle))
        traffic = Traffic(self.dice("traffic"), lives, self.crowd, self.now)
        number = max(FEWEST_ENQUIRIES, round(ENQUIRIES * self.scale))
        return list(traffic.write(number, self.owners, (owner.person, signups[owner])))

    # --- Staff's own work -------------------------------------------------------------------------

    def talks(
        self,
        lives: list[Life],
        families: list[tuple[OwnerPlan, list[Life]]],
        happened: list[story.Happening],
    ) -> list[story.Happening]:
        rng, talks = self.dice("talks"), []
        talk = Talks(rng)
        signups = {each.owner.email: each.at for each in happened if isinstance(each, story.SignUp)}
        for owner, _ in families:
            talks += talk.after(signups[owner.email], owner.email, WELCOME, rng.choice([1, 1, 2]))
        for life in lives:
            talks += talk.about(life, self.owners[life.house.title].email)
        for step in happened:
            if isinstance(step, story.Enquire) and not step.enquiry.trapped and rng.random() < 0.06:
                email, plan = step.enquiry.email, step.enquiry
                talks += talk.after(step.at, email, WITH_GUESTS, 1, plan.house, plan)
        talks += self.notes(rng, signups)
        return talks

    def notes(self, rng: Random, signups: dict[str, datetime]) -> list[story.Happening]:
        chosen = rng.sample(sorted(signups), max(2, len(signups) // 3))
        return [
            story.Annotate(
                signups[email] + rng.uniform(4, 30) * DAY,
                email,
                rng.choice(NOTES),
                tuple(rng.sample(TAGS, rng.choice([1, 1, 2]))),
            )
            for email in chosen
        ]


def in_whole_seconds(happening: story.Happening) -> story.Happening:
    """Stripe's clock, which travels along, knows no less."""
    return replace(happening, at=happening.at.replace(microsecond=0))


class Talks:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.turn = count()

    def after(
        self, moment: datetime, email: str, choices: list[Words], number: int, *about: object
    ) -> list[story.Happening]:
        """Talk about something, in the days after it."""
        talks = []
        for words in self.rng.sample(choices, number):
            at = moment + self.rng.uniform(0.1, 2.5) * DAY
            # In office hours, and never two at once.
            at = at.replace(hour=9 + self.rng.randrange(8), second=next(self.turn) % 60)
            talks.append(story.Talk(max(at, moment + HOUR), email, words, *about))
        return talks

    def about(self, life: Life, email: str) -> list[story.Happening]:
        talks, house = [], life.house
        if life.shown and self.rng.random() < 0.5:
            talks += self.after(life.shown[0][0] + 6 * DAY, email, ABOUT_LISTING, 1, house)
        for step in life.happenings:
            if isinstance(step, story.Leave):
                talks += self.after(step.at, email, ABOUT_LEAVING, 1, house)
            if isinstance(step, story.Reject):
                talks += self.after(step.at, email, ABOUT_REJECTION, 1, house)
        if life.course in OWING and life.failed_at:
            talks += self.after(life.failed_at + DAY, email, ABOUT_MONEY, 1, house)
        return talks
