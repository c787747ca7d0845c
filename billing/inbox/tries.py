"""When an event that failed is tried again, and when it is given up."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

import stripe
from django.db import DatabaseError, transaction

from accounts.transitions import TransitionNotAllowed
from billing.gateway import StripeUnavailable
from billing.locks import LeaseBusy
from billing.models import IncomingEvent
from billing.models.incoming_event import ARRIVAL

logger = logging.getLogger(__name__)

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# As long as Stripe itself would go on sending: three days.
WAITS = (
    *(10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR),
    *(3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR),
)
LONGEST_DETAIL = 2000

UNREACHABLE = "Stripe could not be reached, or had too much to do."
AT_WORK = "Another process was at work on the same customer or subscription."
REFUSED = "Stripe did not accept a call that this event needs."
MISSING = (
    "Stripe has nothing of that name, and no later try finds it. See whether the Stripe key is of "
    "the account, and of the mode, that sends the events; put that right, then try again."
)
DATABASE = "The database did not take what this event brought."
UNKNOWN = "The event could not be processed."


def put_off(event: IncomingEvent, error: Exception, *, now: datetime) -> None:
    """Count a failed try, and say when the next one is; where none helps, call for staff.

    Must run inside a transaction.
    """
    attempts = event.attempts + 1
    changes = {"attempts": attempts, "error": explain(error)}
    if attempts <= len(WAITS) and not is_missing(error):
        next_try_at = now + WAITS[attempts - 1]
        ARRIVAL.move(event, "fail", next_try_at=next_try_at, **changes)
    else:
        logger.error("Stripe's event %s was given up: %s", event, error)
        ARRIVAL.move(event, "park", next_try_at=None, **changes)


def explain(error: Exception) -> str:
    """Return the reason on one line, and on the next what was said."""
    said = f"{type(error).__name__}: {error}".replace("\x00", "").strip()
    return f"{_reason(error)}\n{said.encode(errors='replace').decode()[:LONGEST_DETAIL]}"


def is_missing(error: Exception) -> bool:
    """Whether Stripe said that it has no such object, be it to us or to dj-stripe."""
    refusal = error.__cause__ if isinstance(error, StripeUnavailable) else error
    return isinstance(refusal, stripe.InvalidRequestError) and refusal.code == "resource_missing"


def _reason(error: Exception) -> str:
    if isinstance(error, LeaseBusy):
        return AT_WORK
    if is_missing(error):
        return MISSING
    if isinstance(error, StripeUnavailable):
        # What the gateway made of Stripe's own error says which of the two it was.
        return REFUSED if isinstance(error.__cause__, stripe.InvalidRequestError) else UNREACHABLE
    if isinstance(error, stripe.StripeError):
        return REFUSED
    return DATABASE if isinstance(error, DatabaseError) else UNKNOWN


def try_again(events: Iterable[IncomingEvent], *, now: datetime) -> list[IncomingEvent]:
    """Let failed and parked events be tried at once, from the first try on; return them."""
    waiting = []
    for event in events:
        try:
            with transaction.atomic():
                ARRIVAL.move(event, "try again", attempts=0, next_try_at=now)
        except TransitionNotAllowed:
            continue  # it has been processed meanwhile
        waiting.append(event)
    return waiting
