"""One writer at a time about one customer or subscription of Stripe: lock, then fetch, then write.

The lock is a row, a lease, and no transaction is open while Stripe is asked. Who was killed blocks
nobody for longer than the lease runs; who was stalled until another took over cannot write any
more, because each transaction first checks that the lease is still its own.
See docs/decisions/inbox-and-leases.md.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

import stripe
from django.db import transaction
from django.utils import timezone

from billing.gateway.line import UNREACHABLE, StripeUnavailable
from billing.models import Lease
from billing.patience import Answers, NotFetched, is_passing

Result = TypeVar("Result")

LEASE_SECONDS = 60  # longer than two tries of one call; renewed before each
WAIT_SECONDS = 10  # for another's lease, where somebody waits for the answer
LOOK_SECONDS = 0.05
MOST_BEGINNINGS = 200  # of one transaction; each time one thing more is known
BUSY = "This is being brought up to date at this very moment: please try again in a minute."


class LeaseBusy(StripeUnavailable):
    """Another is at work on the same customer or subscription."""


class LeaseLost(Exception):
    """Another took over, because our lease ran out: what we know is old, and is not written."""


class LeaseMissing(BaseException):
    """A transaction needs a lease it does not hold: it must be rolled back, and begun again.

    No Exception, for the reason of `patience.NotFetched`.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Held:
    """The leases of one stretch of work, and what Stripe has said since they were taken."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self.names: list[str] = []
        self.answers = Answers()
        self.settled: set[str] = set()  # subscriptions that are written as those answers say

    # --- Leases ---------------------------------------------------------------------------------

    def take(self, name: str) -> bool:
        """Take it if it is free or has run out. What was fetched before may be old by now."""
        if take(name, self.token):
            self.names.append(name)
            self.forget()
            return True
        return False

    def forget(self) -> None:
        """From now on Stripe is asked anew."""
        self.answers.forget()
        self.settled.clear()

    def wait_for(self, name: str, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        while not self.take(name):
            if time.monotonic() >= ends_at:
                raise LeaseBusy(BUSY)
            time.sleep(LOOK_SECONDS)

    def renew(self) -> None:
        """Go on holding them, or find that they are another's.

        Inside a transaction the rows are ours until it ends: nobody can take over before that.
        """
        mine = Lease.objects.filter(token=self.token)
        if mine.update(until=_end()) != len(self.names):
            raise LeaseLost(", ".join(self.names))

    def let_go(self) -> None:
        Lease.objects.filter(token=self.token).delete()

    # --- Work -----------------------------------------------------------------------------------

    def write(self, work: Callable[[], Result]) -> Result:
        """Run `work` in a transaction, with all that it asks Stripe for fetched outside of one.

        It is begun anew whenever it asks for something that is not known yet.

        Raises StripeUnavailable, LeaseLost, and what `work` raises.
        """
        for _ in range(MOST_BEGINNINGS):
            try:
                with self._at_work(), self.answers.alone(), transaction.atomic():
                    self.renew()
                    return work()
            except NotFetched as missing:
                self._fetch(missing)
            except LeaseMissing as missing:
                self.wait_for(missing.name, WAIT_SECONDS)
        raise RuntimeError(f"No end of what is to be fetched for {', '.join(self.names)}.")

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        token = _held.set(self)
        try:
            yield
        finally:
            _held.reset(token)

    def _fetch(self, missing: NotFetched) -> None:
        self.renew()
        try:
            status = self.answers.fetch(missing)[1]
        except stripe.APIConnectionError as error:
            raise StripeUnavailable(UNREACHABLE) from error
        if is_passing(status):
            raise StripeUnavailable(UNREACHABLE) from StripeAnswered(status)


class StripeAnswered(Exception):
    """Stripe did answer, but with a status that says only "not now"."""


_held: ContextVar[Held | None] = ContextVar("held_leases", default=None)


@contextmanager
def holding(name: str, *, seconds: float) -> Iterator[Held]:
    """Hold the lease `name` for a stretch of work.

    Raises LeaseBusy when another still has it after `seconds`.
    """
    held = Held()
    held.wait_for(name, seconds)
    try:
        yield held
    finally:
        held.let_go()


def alone_with_subscription(function: Callable[..., Result]) -> Callable[..., Result]:
    """Run `function(subscription_id, ...)` under the lease of that subscription.

    Inside another stretch of work it becomes part of it.
    """

    @wraps(function)
    def alone(subscription_id: str, *args: Any, **kwargs: Any) -> Result:
        held = _held.get()
        if held is None:
            with holding(subscription_id, seconds=WAIT_SECONDS) as held:
                return held.write(lambda: function(subscription_id, *args, **kwargs))
        if subscription_id not in held.names:
            raise LeaseMissing(subscription_id)
        with transaction.atomic():
            return function(subscription_id, *args, **kwargs)

    return alone


# --- Rows -----------------------------------------------------------------------------------------


def take(name: str, token: str) -> bool:
    with transaction.atomic():
        free = Lease.objects.filter(name=name, until__lt=timezone.now())
        if free.update(token=token, until=_end()):
            return True
        lease = Lease(name=name, token=token, until=_end())
        Lease.objects.bulk_create([lease], ignore_conflicts=True)
        return Lease.objects.filter(name=name, token=token).exists()


def _end() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)
