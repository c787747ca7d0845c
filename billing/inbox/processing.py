"""Working off what came in: one customer at a time, all its events in one pass.

A pass holds the customer's lease. It reads the events that wait, and only then asks Stripe, so
that what it hears is younger than each of them. What comes in meanwhile is for the next round.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import stripe
from django.utils import timezone
from djstripe.models import Event

from accounts.actor import acting_as
from billing.event_handlers import look_again
from billing.gateway import StripeUnavailable
from billing.inbox.tries import is_missing, put_off
from billing.locks import Held, LeaseBusy, LeaseLost, holding
from billing.models import Customer, IncomingEvent, Membership
from billing.models.incoming_event import ARRIVAL

logger = logging.getLogger(__name__)

SECONDS_OF_A_PASS = 120
AT_ONCE = 100


@dataclass
class Tally:
    """What became of the events of one run."""

    done: int = 0
    failed: int = 0
    unreachable: int = 0  # of those that failed, for want of an answer from Stripe

    def add(self, other: "Tally") -> None:
        self.done += other.done
        self.failed += other.failed
        self.unreachable += other.unreachable


def work_off(customer_id: str) -> Tally:
    """Process all that is due for a customer, or for nobody (""); a job of the worker.

    Where another is at it already there is nothing to do: it takes what comes in meanwhile too.
    """
    tally, ends_at = Tally(), time.monotonic() + SECONDS_OF_A_PASS
    # Looked at again without the lease: an event may have come in between the last look of a
    # pass, ours or another's, and the end of its lease.
    while _due(customer_id).exists() and time.monotonic() < ends_at:
        try:
            with holding(customer_id, seconds=0) as held:
                _pass(customer_id, held, tally, ends_at)
        except (LeaseBusy, LeaseLost) as reason:
            logger.info("Customer %s is left to another: %r", customer_id, reason)
            break
    return tally


def work_off_due(*, seconds: float, tell: Callable[[Tally], None] | None = None) -> Tally:
    """Process all that is due, who has waited longest first; begin nothing after `seconds`.

    When Stripe does not answer, the others are left for the next run: they would wait in vain.
    """
    tally, ends_at = Tally(), time.monotonic() + seconds
    for customer_id in _customers_waiting():
        if time.monotonic() >= ends_at:
            break
        found = work_off(customer_id)
        tally.add(found)
        if tell:
            tell(found)
        if found.unreachable and not found.done:
            break
    return tally


def _customers_waiting() -> list[str]:
    due = IncomingEvent.objects.due(timezone.now()).order_by("next_try_at", "pk")
    return list(dict.fromkeys(due.values_list("stripe_customer_id", flat=True)))


def _due(customer_id: str) -> Any:
    due = IncomingEvent.objects.due(timezone.now())
    return due.filter(stripe_customer_id=customer_id).order_by("received_at", "pk")


def _pass(customer_id: str, held: Held, tally: Tally, ends_at: float) -> None:
    with acting_as("stripe", "webhook"):
        while time.monotonic() < ends_at and (events := list(_due(customer_id)[:AT_ONCE])):
            held.forget()
            _round(events, held, tally)


def _round(events: Iterable[IncomingEvent], held: Held, tally: Tally) -> None:
    waiting = list(events)
    while waiting:
        event = waiting.pop(0)
        error = _process(event, held)
        if error is None:
            tally.done += 1
            continue
        silent = _is_silence(error)
        # The others of this customer would wait in vain, for seconds each.
        for failed in [event, *(waiting if silent else [])]:
            _put_off(failed, error, held)
            tally.failed += 1
            tally.unreachable += silent
        if silent:
            return


def _is_silence(error: Exception) -> bool:
    """Whether Stripe gave no answer, or one that is not about the single call."""
    if isinstance(error, LeaseBusy) or isinstance(error.__cause__, stripe.InvalidRequestError):
        return False
    return isinstance(error, StripeUnavailable)


def _process(event: IncomingEvent, held: Held) -> Exception | None:
    """Return what went wrong, if anything did.

    Raises LeaseLost.
    """
    try:
        content = json.loads(event.body)
        # What we make of it comes first: a fault in the copy of Stripe's objects must not keep
        # a membership from being right.
        looked_at = held.write(lambda: look_again(content, but=held.settled))
        held.settled.update(looked_at)
        held.write(lambda: _finish(event, content))
    except LeaseLost:
        raise
    except Exception as error:
        logger.warning("Stripe's event %s failed", event, exc_info=True)
        return error
    return None


def _finish(event: IncomingEvent, content: dict[str, Any]) -> None:
    """Let dj-stripe store the event and the objects it is about, once, with our note of it."""
    try:
        Event.process(content)
    except stripe.InvalidRequestError as error:
        if not is_missing(error) or _is_ours(event.stripe_customer_id):
            raise
        # Deleted, or of another account: there is nothing to copy, and nothing of ours in it.
        logger.info("Stripe's event %s is about nobody here: %s", event, error)
    ARRIVAL.move(event, "finish", done_at=timezone.now(), next_try_at=None, error="")


def _is_ours(customer_id: str) -> bool:
    customers = Customer.objects.filter(stripe_id=customer_id)
    members = Membership.objects.filter(stripe_customer_id=customer_id)
    return customers.exists() or members.exists()


def _put_off(event: IncomingEvent, error: Exception, held: Held) -> None:
    held.write(lambda: put_off(event, error, now=timezone.now()))
