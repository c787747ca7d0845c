"""The courses that houses and their memberships take over the eighteen months."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from billing.models import Cycle

# The sandbox's test cards, which stand on its payment page too.
GOOD_CARD = "4242424242424242"
MASTERCARD = "5555555555554444"
FAILS_AT_RENEWAL = "4000000000000341"
ASKS_AT_RENEWAL = "4000002500003155"

# Why renewals fail, in turn: with such a card, or because the bank says so of the one on file.
REFUSALS = (
    FAILS_AT_RENEWAL,
    "insufficient_funds",
    "expired_card",
    "lost_card",
    ASKS_AT_RENEWAL,
)

# Days from a failed renewal to the last attempt, after which the sandbox ends the subscription.
DUNNING_DAYS = 14


class Course(StrEnum):
    """Where a house stands today, and how it came there."""

    STEADY = "live, paid, renewing"
    PAUSED = "paused by its owner"
    RECOVERED = "live; a renewal failed once and a new card paid it"
    RETURNED = "live again after its first membership had ended"
    SECOND_TRY = "live; rejected at first"
    UPGRADED = "live; moved to a higher tier"
    DOWNGRADED = "live; moved to a lower tier at a renewal, or will"
    SWITCHED = "live; moved from monthly to yearly, or back"
    DISCOUNTED = "live; has or had a coupon"
    REFUNDED = "live; got a part of a payment back, and credit"
    DISPUTED = "live; disputed a payment and lost, or is not decided yet"
    ON_HOLD = "live; not charged for a while"
    PAST_DUE = "live; the renewal is failing now"
    LEAVING = "live; cancelled to the end of what is paid"
    LEFT = "expired: cancelled, and the end came"
    CUT_SHORT = "expired: staff ended the membership at once and gave the money back"
    CHARGED_BACK = "expired: the bank took the payment back, and staff ended the membership"
    UNPAID = "expired: the renewal was never paid"
    PENDING = "paid, waits for staff"
    REJECTED = "paid, sent back with a reason"
    UNSUBMITTED = "draft, paid already"
    DRAFT = "draft"


# How many of the sixty houses take each course.
COUNTS: dict[Course, int] = {
    Course.STEADY: 7,
    Course.PAUSED: 3,
    Course.RECOVERED: 3,
    Course.RETURNED: 2,
    Course.SECOND_TRY: 2,
    Course.UPGRADED: 4,
    Course.DOWNGRADED: 2,
    Course.SWITCHED: 3,
    Course.DISCOUNTED: 2,
    Course.REFUNDED: 1,
    Course.DISPUTED: 2,
    Course.ON_HOLD: 1,
    Course.PAST_DUE: 5,
    Course.LEAVING: 4,
    Course.LEFT: 4,
    Course.CUT_SHORT: 1,
    Course.CHARGED_BACK: 1,
    Course.UNPAID: 3,
    Course.PENDING: 3,
    Course.REJECTED: 2,
    Course.UNSUBMITTED: 1,
    Course.DRAFT: 4,
}
TIERS = ["silver", "silver", "silver", "bronze", "bronze", "gold", "gold"]
CYCLES = [Cycle.ANNUAL, Cycle.ANNUAL, Cycle.MONTHLY]
RISING = ["bronze", "silver", "gold"]


@dataclass(frozen=True)
class Sale:
    """A membership that is bought, and the card that pays for it."""

    tier: str
    cycle: str
    card: str = GOOD_CARD


def counts(scale: float) -> dict[Course, int]:
    """Return the houses of each course, one at least, at a fraction of the whole."""
    return {course: max(1, round(count * scale)) for course, count in COUNTS.items()}


def months_before(moment: datetime, months: int) -> datetime:
    """Return the same day and hour, whole months earlier. The day must be 28 or less."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1)


def months_of(cycle: str) -> int:
    return 12 if cycle == Cycle.ANNUAL else 1


def with_renewal_near(moment: datetime, cycle: str, periods: int) -> datetime:
    """Return when to buy, so that a renewal falls about `moment`, after `periods` periods."""
    # A day that every month has: otherwise Stripe moves the renewal to the month's last day.
    safe = moment - timedelta(days=max(0, moment.day - 28))
    return months_before(safe, periods * months_of(cycle))


def working_hours(rng: Random, day: datetime) -> datetime:
    """Return a moment of that day at which people are awake."""
    hour = rng.choices(range(7, 23), weights=[2, 4, 7, 9, 9, 8, 8, 7, 7, 7, 6, 6, 8, 9, 8, 5])[0]
    start = day.replace(hour=hour, minute=0, second=0, microsecond=0)
    return start + timedelta(seconds=rng.randrange(3600))
