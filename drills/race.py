"""Two deliveries for one subscription at once: the later state must stand, whoever writes last.

dj-stripe alone loses it: each delivery fetches the object and saves it, and who fetched first may
save last.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

from django.db import connections
from django.test import Client
from djstripe.models import Subscription

from accounts.tests.factories import OwnerFactory
from billing import gateway, inbox, locks, patience
from billing.models import Membership
from billing.tests.deliveries import deliver
from drills.stories import PAGES, make_plan
from listings.tests.factories import PropertyFactory
from stripe_sandbox.process import Running
from stripe_sandbox.shapes import present

PAUSES = (0, 0, 0.005, 0.02, 0.1)  # seconds; one is drawn for each thing that is fetched
MOST_SECONDS = 20


class Member:
    """A paid subscription of which we know, and that changes its mind about leaving."""

    def __init__(self, running: Running) -> None:
        self.running, self.client = running, Client()
        house = PropertyFactory(owner=OwnerFactory(), live=True)
        page = gateway.start_checkout(house.owner, make_plan("silver"), house=house, **PAGES)
        running.control.pay(page.rsplit("/", 1)[1])
        bought = running.sandbox.all("subscription")[-1]
        self.subscription, self.customer = bought["id"], bought["customer"]
        self.hear_of_newest()
        self.work()

    def leaves(self, yes: bool) -> None:
        """Change it at Stripe, and deliver the event; who processes it is another matter."""
        with gateway.line.stripe_api() as api:
            api.subscriptions.update(self.subscription, {"cancel_at_period_end": yes})
        self.hear_of_newest()

    def hear_of_newest(self) -> None:
        event = self.running.sandbox.all("event", type="customer.subscription.updated") or (
            self.running.sandbox.all("event", type="customer.subscription.created")
        )
        deliver(self.client, json.loads(json.dumps(present(event[-1]))))

    def work(self) -> inbox.Tally:
        return inbox.work_off(self.customer)

    def is_stale(self, *, leaves: bool) -> bool:
        """Whether our membership, or dj-stripe's row, is behind."""
        ours = Membership.objects.get(stripe_subscription_id=self.subscription)
        theirs = Subscription.objects.get(id=self.subscription).stripe_data
        return ours.auto_renew == leaves or theirs["cancel_at_period_end"] != leaves


class Worker(threading.Thread):
    """Processes what waits for a member, over a connection of its own."""

    def __init__(self, work: Callable[[], Any], name: str = "") -> None:
        super().__init__(name=name or None)
        self.work, self.error = work, None

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:  # told by whoever started it
            self.error = error
        finally:
            connections.close_all()


class Gate:
    """Stops one worker when it has fetched the subscription, until it is let on."""

    def __init__(self, name: str) -> None:
        self.name, self.reached, self.open = name, threading.Event(), threading.Event()

    @contextmanager
    def stands(self) -> Iterator[None]:
        fetch = patience.Answers.fetch

        def fetch_and_stop(answers: patience.Answers, missing: patience.NotFetched) -> Any:
            answer = fetch(answers, missing)
            mine = threading.current_thread().name == self.name
            if mine and "/v1/subscriptions/" in missing.key[1] and not self.reached.is_set():
                self.reached.set()
                self.open.wait(MOST_SECONDS)
            return answer

        with mock.patch.object(patience.Answers, "fetch", fetch_and_stop):
            try:
                yield
            finally:
                self.open.set()


@contextmanager
def no_leases() -> Iterator[None]:
    """As if every lease were free, and nobody's work ever old."""
    with (
        mock.patch.object(locks, "take", return_value=True),
        mock.patch.object(locks.Held, "renew", return_value=None),
    ):
        yield


@contextmanager
def pauses(draw: random.Random) -> Iterator[None]:
    """Let everybody rest a little between fetching and writing."""
    fetch = patience.Answers.fetch

    def fetch_and_rest(answers: patience.Answers, missing: patience.NotFetched) -> Any:
        answer = fetch(answers, missing)
        time.sleep(draw.choice(PAUSES))
        return answer

    with mock.patch.object(patience.Answers, "fetch", fetch_and_rest):
        yield


def race(member: Member, draw: random.Random) -> bool:
    """Let two workers meet; return whether the older state stands in the end."""
    member.leaves(True)
    first = Worker(member.work)
    first.start()
    time.sleep(draw.uniform(0, 0.08))
    member.leaves(False)
    second = Worker(member.work)
    second.start()
    first.join(MOST_SECONDS)
    second.join(MOST_SECONDS)
    return member.is_stale(leaves=False)


def run(running: Running, seed: int, number: int) -> bool:
    draw, member = random.Random(seed), Member(running)
    began = time.perf_counter()
    with pauses(draw):
        stale = sum(race(member, draw) for _ in range(number))
        seconds = time.perf_counter() - began
        few = max(number // 10, 1)
        with no_leases():
            bare = sum(race(member, draw) for _ in range(few))
    print(f"{number:,} races of two deliveries for one subscription")
    print(f"  stale {stale}, {number / seconds:.1f} races a second")
    print(f"  without the lease, for comparison: stale {bare} of {few}")
    with suppress(gateway.StripeUnavailable):
        member.work()
    return stale == 0
