"""The drill in one process, for the suite: deliveries, crashes, faults of the API, and deaths."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.test import Client

from billing import inbox, locks
from billing.models import IncomingEvent
from billing.tests.deliveries import deliver
from drills.chaos import Event, crashing, impatient
from stripe_sandbox.process import Running

MOST_RUNS = 3000


class Killed(BaseException):
    """As SIGKILL: nothing that stands in a `finally` is done."""


def deliver_all(client: Client, events: list[Event]) -> set[int]:
    return {deliver(client, event).status_code for event in events}


def work_through() -> int:
    """Let workers run, die, and run again until nothing is open; return how many died."""
    deaths = 0
    for _ in range(MOST_RUNS):
        if not IncomingEvent.objects.open().exists():
            return deaths
        try:
            inbox.work_off_due(seconds=10)
        except Killed:
            deaths += 1
    raise AssertionError("The inbox never came to an end.")


@contextmanager
def chaos(running: Running, seed: int, kills: int) -> Iterator[None]:
    """Handlers crash, calls fail, and workers die amid their work, `kills` times."""
    draw = random.Random(seed)
    running.control.switch(api_429=0.01, api_500=0.01)
    with crashing(0.05, draw), impatient(0.02, 0.001), dying(draw, kills):
        yield
    running.control.no_faults()


@contextmanager
def dying(draw: random.Random, kills: int) -> Iterator[None]:
    renew, let_go = locks.Held.renew, locks.Held.let_go
    left, dead = [kills], set()

    def renew_and_die(held: locks.Held) -> None:
        renew(held)
        if left[0] and draw.random() < 0.05:
            left[0] -= 1
            dead.add(held.token)
            raise Killed

    def let_go_if_alive(held: locks.Held) -> None:
        if held.token not in dead:
            let_go(held)

    with (
        mock.patch.object(locks.Held, "renew", renew_and_die),
        mock.patch.object(locks.Held, "let_go", let_go_if_alive),
    ):
        yield
