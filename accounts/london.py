"""The one place that knows where a day or a month begins: Europe/London."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def day_of(moment: datetime) -> date:
    """Return the London day that an aware moment falls on."""
    return moment.astimezone(LONDON).date()


def in_words(day: date) -> str:
    """Return a day as it stands in a sentence: 6 May 2027."""
    return f"{day.day} {day:%B %Y}"


def day_of_timestamp(timestamp: int | None) -> date | None:
    """Return the London day of a Unix timestamp (Stripe's way to say when), or None."""
    return None if timestamp is None else day_of(moment_of_timestamp(timestamp))


def moment_of_timestamp(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def start_of_day(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)


def start_of_month(day: date) -> datetime:
    return start_of_day(day.replace(day=1))


def next_month(day: date) -> date:
    """Return the first day of the month after `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
