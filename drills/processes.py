"""Workers and a web process of a drill: real ones, that can be killed."""

import logging
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any
from unittest import mock

import stripe
from django.conf import settings
from django.test import Client
from django.utils import timezone

from billing import inbox, patience
from billing.inbox import processing
from billing.models import IncomingEvent
from billing.tests.deliveries import deliver
from drills.chaos import Event, crashing, impatient
from drills.copies import use

IDLE_SECONDS = 0.02
LEASE_SECONDS, WAIT_SECONDS, CALL_SECONDS = 3, 0.3, 0.5


@dataclass(frozen=True)
class Place:
    """What a process of its own must be told."""

    database: str
    stripe: str


def context() -> multiprocessing.context.ForkServerContext:
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["drills.nursery", "drills.processes"])
    return found


def settle(place: Place) -> None:
    logging.disable(logging.CRITICAL)
    use(place.database)
    settings.STRIPE_API_HOST = stripe.api_base = place.stripe
    settings.ALLOWED_HOSTS = ["*"]


# --- What they do ---------------------------------------------------------------------------------


def work(place: Place, seed: int, crash_share: float, stores_copy: bool, tell: Connection) -> None:
    """Process whatever is due, until killed; tell what became of each run."""
    settle(place)
    with ExitStack() as stack:
        if not stores_copy:
            stack.enter_context(mock.patch.object(processing.Event, "process"))
        stack.enter_context(crashing(crash_share, random.Random(seed)))
        stack.enter_context(impatient(LEASE_SECONDS, WAIT_SECONDS))
        patience.CALL_SECONDS = CALL_SECONDS
        while True:
            tally = inbox.work_off_due(seconds=1)
            if tally.done or tally.failed:
                tell.send((tally.done, tally.failed))
            else:
                time.sleep(IDLE_SECONDS)


def post(place: Place, events: list[Event], tell: Connection) -> None:
    """Deliver the events as Stripe does; tell the answers and the seconds each took."""
    settle(place)
    settings.STRIPE_EVENTS_AT_ONCE = False
    client, answers, seconds = Client(raise_request_exception=False), Counter(), []
    for event in events:
        began = time.perf_counter()
        answers[deliver(client, event).status_code] += 1
        seconds.append(time.perf_counter() - began)
    tell.send((answers, seconds))


# --- Seen from outside ----------------------------------------------------------------------------


@dataclass
class Crew:
    """Some workers; one that is killed is replaced at once."""

    place: Place
    size: int
    seed: int
    crash_share: float = 0
    stores_copy: bool = True
    kills: int = 0
    failed: int = 0
    begun: int = 0
    workers: list[tuple[BaseProcess, Connection]] = field(default_factory=list)

    def start_one(self) -> None:
        receive, tell = context().Pipe(duplex=False)
        self.begun += 1
        seed = self.seed + self.begun
        arguments = (self.place, seed, self.crash_share, self.stores_copy, tell)
        worker = context().Process(target=work, args=arguments, daemon=True)
        worker.start()
        tell.close()
        self.workers.append((worker, receive))

    def kill_one(self, draw: random.Random) -> None:
        worker, receive = self.workers.pop(draw.randrange(len(self.workers)))
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        self.hear(receive)
        self.kills += 1
        self.start_one()

    def hear(self, receive: Connection) -> None:
        try:
            while receive.poll():
                self.failed += receive.recv()[1]
        except EOFError:
            return  # it is dead, and has told all

    def listen(self) -> None:
        for _, receive in self.workers:
            self.hear(receive)

    @contextmanager
    def at_work(self) -> Iterator["Crew"]:
        for _ in range(self.size):
            self.start_one()
        try:
            yield self
        finally:
            for worker, _ in self.workers:
                os.kill(worker.pid, signal.SIGKILL)
                worker.join()


class Poster:
    """A web process that takes deliveries in."""

    def __init__(self, place: Place, events: list[Event]) -> None:
        self.receive, tell = context().Pipe(duplex=False)
        self.process = context().Process(target=post, args=(place, events, tell), daemon=True)
        self.process.start()
        tell.close()

    def is_done(self) -> bool:
        return self.receive.poll()

    def told(self) -> tuple[Counter[int], list[float]]:
        return self.receive.recv()


def is_idle() -> bool:
    return not IncomingEvent.objects.open().exists()


def open_events() -> dict[str, Any]:
    events = IncomingEvent.objects.open()
    return {"open": events.count(), "due": events.due(timezone.now()).count()}
