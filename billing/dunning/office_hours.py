"""Reminders go out while somebody is there to answer: 9 to 18 in London."""

from datetime import datetime, timedelta

from accounts.london import LONDON

OPENS, CLOSES = 9, 18


def is_open(now: datetime) -> bool:
    return OPENS <= now.astimezone(LONDON).hour < CLOSES


def next_opening(now: datetime) -> datetime:
    """Return `now` while the office is open, else when it opens next."""
    local = now.astimezone(LONDON)
    if is_open(now):
        return now
    day = local if local.hour < OPENS else local + timedelta(days=1)
    return day.replace(hour=OPENS, minute=0, second=0, microsecond=0)
