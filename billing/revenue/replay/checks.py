"""What may stand in a file of worked cases; whatever else does is told in one sentence."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from accounts.london import start_of_day

Json = dict[str, Any]

# Each event, and the fields that it cannot do without.
EVENTS: dict[str, tuple[str, ...]] = {
    "start": ("price",),
    "trial_start": ("price", "trial_end"),
    "trial_convert": (),
    "incomplete": ("price",),
    "incomplete_expired": (),
    "change": (),
    "change_scheduled": ("effective",),
    "cancel_requested": ("effective",),
    "cancel_undone": (),
    "ended": (),
    "payment_failed": ("amount",),
    "payment_recovered": ("amount",),
    "unpaid": (),
    "paid_after_unpaid": ("amount",),
    "paused": (),
    "resumed": (),
    "refund": ("amount",),
    "discount_set": ("discount",),
    "discount_end": (),
}
BEGINNINGS = {"start", "trial_start", "incomplete"}
DURATIONS = {"forever", "repeating", "once"}
INTERVALS = {"day", "week", "month", "year"}
YEARS = range(2000, 2100)


class BadCase(Exception):
    """The file cannot be played; the message says which case, and what is wrong with it."""


def check_events(events: list[Json], prices: Json) -> None:
    """Raises BadCase."""
    for event in events:
        kind = event.get("type")
        if kind not in EVENTS:
            raise BadCase(f"“{kind}” is no event we know. Known are: {', '.join(sorted(EVENTS))}.")
        for field in ("at", *EVENTS[kind]):
            if field not in event:
                raise BadCase(f"The event “{kind}” of {event.get('at')} says no “{field}”.")
        for field, is_right in FIELDS.items():
            if field in event and not is_right(event[field], prices):
                raise BadCase(f"“{event[field]}” cannot be the “{field}” of an event “{kind}”.")
    if not events or min(events, key=lambda event: moment(event["at"]))["type"] not in BEGINNINGS:
        raise BadCase("A subscription has to begin with start, trial_start or incomplete.")


def check_expected(expected: Any) -> None:
    """Raises BadCase."""
    if not isinstance(expected, dict):
        raise BadCase("Its “expected” is no object.")
    for key, value in expected.items():
        for name in value if isinstance(value, dict) else ():
            if (is_month(name) or is_day(name)) and not _is_moment(_first_day(name)):
                raise BadCase(f"“{name}” in “{key}” is no month and no day.")


def _is_moment(given: Any, prices: Json | None = None) -> bool:
    try:
        return date.fromisoformat(given[:10]).year in YEARS and bool(moment(given))
    except (TypeError, ValueError):
        return False


def _is_number(given: Any, prices: Json | None = None) -> bool:
    return type(given) is int and 0 <= given < 10**12


def _is_price(given: Any, prices: Json) -> bool:
    if not isinstance(given, str) or given not in prices:
        raise BadCase(f"The price “{given}” is not in the file's list of prices.")
    price = prices[given]
    is_whole = isinstance(price, dict) and _is_number(price.get("unit"))
    if not is_whole or price.get("interval") not in INTERVALS:
        raise BadCase(f"The price “{given}” has no “unit” in pence or no “interval” we know.")
    return True


def _is_discount(given: Any, prices: Json) -> bool:
    if given is None:
        return True
    if not isinstance(given, dict) or given.get("duration", "forever") not in DURATIONS:
        return False
    months = given.get("months")
    taken = [given[name] for name in ("percent", "amount") if given.get(name) is not None]
    return (
        all(isinstance(each, int | float) and each >= 0 for each in taken)
        and bool(taken)
        and (given.get("duration") != "repeating" or _is_number(months))
    )


FIELDS: dict[str, Callable[[Any, Json], bool]] = {
    "at": _is_moment,
    "effective": _is_moment,
    "trial_end": _is_moment,
    "amount": _is_number,
    "qty": _is_number,
    "price": _is_price,
    "discount": _is_discount,
    "reason": lambda given, prices: isinstance(given, str),
}


# --- Days -----------------------------------------------------------------------------------------


def moment(text: str) -> int:
    """Return the Unix second of a time in UTC, or of the noon of a London day."""
    if len(text) == len("2026-01-31"):
        return int(start_of_day(date.fromisoformat(text)).timestamp()) + 12 * 60 * 60
    given = datetime.fromisoformat(text)
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())


def _first_day(name: str) -> str:
    return name if is_day(name) else f"{name}-01"


def is_month(text: str) -> bool:
    return len(text) == 7 and text[:4].isdigit() and text[4] == "-"


def is_day(text: str) -> bool:
    return len(text) == 10 and is_month(text[:7]) and text[7] == "-"
