"""The file of worked cases: read and checked before anything is played.

Its format stands in docs/revenue-cases.md.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
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
    "ended": ("reason",),
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


LISTS = ("event_cases", "status_cases")


class BadCase(Exception):
    """The file cannot be played; the message says which case, and what is wrong with it."""


@dataclass(frozen=True)
class Happening:
    """One event of one subscription, at a Unix second."""

    at: int
    type: str
    customer: str
    subscription: str
    fields: Json


@dataclass(frozen=True)
class Case:
    """One history: whose events, in the order of their times, and what is expected of it."""

    id: str
    customers: list[str]
    happenings: list[Happening]
    expected: Json
    prices: Json


def read_file(path: Path) -> Json:
    """Return what the file holds. Raises BadCase."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadCase(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadCase(f"{path} is not JSON: {error}.") from error
    lists = [content.get(name, []) for name in LISTS] if isinstance(content, dict) else [None]
    if not all(isinstance(each, list) for each in lists) or not any(lists):
        raise BadCase(f"{path} has no {' and no '.join(LISTS)}: is it a file of worked cases?")
    return content


def read_case(given: Json, prices: Json) -> Case:
    """Return one of the `event_cases`. Raises BadCase."""
    name = name_of(given)
    try:
        happenings = sorted(_happenings(given, prices), key=lambda happening: happening.at)
        customers = [
            customer_id(name, each) for customer in given["customers"] for each in _copies(customer)
        ]
        return Case(name, customers, happenings, given.get("expected") or {}, prices)
    except BadCase as reason:
        raise BadCase(f"{name}: {reason}") from reason
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadCase(f"{name}: it has not the form of a case ({error!r}).") from error


def name_of(given: Any) -> str:
    name = given.get("id") if isinstance(given, dict) else None
    if not isinstance(name, str):
        raise BadCase("A case has no “id”.")
    return name


def _copies(customer: Json) -> list[str]:
    """A customer with a `count` stands for so many alike."""
    count = int(customer.get("count", 1))
    return [customer["id"] if count == 1 else f"{customer['id']}-{n}" for n in range(1, count + 1)]


def customer_id(case: str, customer: str) -> str:
    """Return the id at Stripe: the file names the customers of each case from the start."""
    return f"cus_{case}_{customer}"


def _happenings(case: Json, prices: Json) -> Iterator[Happening]:
    for customer in case["customers"]:
        for name in _copies(customer):
            whose = customer_id(name_of(case), name)
            for subscription in customer["subscriptions"]:
                own = f"sub_{whose}_{subscription['id']}"
                events = sorted(subscription["events"], key=lambda event: moment(event["at"]))
                _check(events, prices)
                for event in events:
                    yield Happening(moment(event["at"]), event["type"], whose, own, event)


def _check(events: list[Json], prices: Json) -> None:
    for event in events:
        kind = event.get("type")
        if kind not in EVENTS:
            raise BadCase(f"“{kind}” is no event we know. Known are: {', '.join(sorted(EVENTS))}.")
        for field in EVENTS[kind]:
            if field not in event:
                raise BadCase(f"The event “{kind}” of {event.get('at')} says no “{field}”.")
        if "price" in event and event["price"] not in prices:
            raise BadCase(f"The price “{event['price']}” is not in the file's list of prices.")
        if (event.get("discount") or {}).get("duration", "forever") not in DURATIONS:
            raise BadCase(f"“{event['discount']['duration']}” is no duration of a discount.")
    if not events or events[0]["type"] not in BEGINNINGS:
        raise BadCase("A subscription has to begin with start, trial_start or incomplete.")


# --- Days -----------------------------------------------------------------------------------------


def moment(text: str) -> int:
    """Return the Unix second of a time in UTC, or of the noon of a London day."""
    if len(text) == len("2026-01-31"):
        return int(start_of_day(date.fromisoformat(text)).timestamp()) + 12 * 60 * 60
    given = datetime.fromisoformat(text)
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())


def horizon(case: Case) -> int:
    """Return until when a case is played: the last thing that happens or is asked about."""
    asked = [day for value in case.expected.values() for day in _days_in(value)]
    last = [moment(f"{day}-28") if len(day) == len("2026-01") else moment(day) for day in asked]
    return max(chain([each.at for each in case.happenings], last))


def _days_in(value: Any) -> list[str]:
    names = value if isinstance(value, dict) else {}
    return [name for name in names if is_month(name) or is_day(name)]


def is_month(text: str) -> bool:
    return len(text) == 7 and text[:4].isdigit() and text[4] == "-"


def is_day(text: str) -> bool:
    return len(text) == 10 and is_month(text[:7]) and text[7] == "-"
