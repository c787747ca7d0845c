"""The file of worked cases: read and checked before anything is played.

Its format stands in docs/revenue-cases.md.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from billing.revenue.replay.checks import (
    BadCase,
    check_events,
    check_expected,
    is_day,
    is_month,
    moment,
)

Json = dict[str, Any]

LISTS = ("event_cases", "status_cases")
MOST_COPIES = 1000


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
    except RecursionError as error:
        raise BadCase(f"{path} is nested too deeply.") from error
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
        if not happenings:
            raise BadCase("Nothing happens in it.")
        expected = given.get("expected") or {}
        check_expected(expected)
        return Case(name, customers, happenings, expected, prices)
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
    if not 1 <= count <= MOST_COPIES:
        raise BadCase(f"A “count” of {count:,} is not between 1 and {MOST_COPIES:,}.")
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
                check_events(subscription["events"], prices)
                for event in subscription["events"]:
                    yield Happening(moment(event["at"]), event["type"], whose, own, event)


def horizon(case: Case) -> int:
    """Return until when a case is played: the last thing that happens or is asked about."""
    asked = [day for value in case.expected.values() for day in _days_in(value)]
    last = [moment(f"{day}-28") if len(day) == len("2026-01") else moment(day) for day in asked]
    return max(chain([each.at for each in case.happenings], last))


def _days_in(value: Any) -> list[str]:
    names = value if isinstance(value, dict) else {}
    return [name for name in names if is_month(name) or is_day(name)]
