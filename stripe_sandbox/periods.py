"""Billing periods: whole calendar steps from an anchor, clamped to the end of short months."""

import calendar
from datetime import UTC, datetime, timedelta

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def add_interval(anchor: int, interval: str, count: int) -> int:
    moment = datetime.fromtimestamp(anchor, UTC)
    if interval in DAYS:
        return int((moment + timedelta(days=DAYS[interval] * count)).timestamp())
    return int(add_months(moment, MONTHS[interval] * count).timestamp())


def add_months(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


def next_period_end(anchor: int, recurring: dict, after: int) -> int:
    """The first anchored date after `after`.

    Counted from the anchor and not from the last period, so that a subscription taken out on
    the 31st goes back to the 31st after February.
    """
    steps = 1
    while (end := add_interval(anchor, recurring["interval"], steps * step(recurring))) <= after:
        steps += 1
    return end


def step(recurring: dict) -> int:
    return recurring["interval_count"]
