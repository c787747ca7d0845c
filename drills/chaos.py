"""Deliveries as they may come, and handlers and workers as they may fail."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from billing import locks
from billing.inbox import processing, tries

Event = dict[str, Any]


class HandlerCrashed(Exception):
    """As a fault in the code would."""


def shuffled(events: list[Event], deliveries: int, seed: int) -> list[Event]:
    """Return each event once, and some of them again, up to `deliveries`, in any order."""
    draw = random.Random(seed)
    if len(events) > deliveries:
        raise ValueError(f"{len(events)} events do not fit into {deliveries} deliveries.")
    mixed = events + draw.choices(events, k=deliveries - len(events))
    draw.shuffle(mixed)
    return mixed


@contextmanager
def crashing(share: float, draw: random.Random) -> Iterator[None]:
    """Let a share of the handlers crash, half of them with their work done and not committed."""
    look_again, finish = processing.look_again, processing._finish

    def crash_sometimes(work: Callable[..., Any]) -> Callable[..., Any]:
        def crash(*args: Any, **kwargs: Any) -> Any:
            fate = draw.random()
            if fate < share / 4:
                raise HandlerCrashed("before")
            result = work(*args, **kwargs)
            if fate > 1 - share / 4:
                raise HandlerCrashed("after")
            return result

        return crash

    with (
        mock.patch.object(processing, "look_again", crash_sometimes(look_again)),
        mock.patch.object(processing, "_finish", crash_sometimes(finish)),
    ):
        yield


@contextmanager
def impatient(lease_seconds: float, waits: float) -> Iterator[None]:
    """Let leases and the waits between tries be short, as a drill has no three days."""
    steps = tuple(waits * tries.SECOND for _ in tries.WAITS)
    with (
        mock.patch.object(locks, "LEASE_SECONDS", lease_seconds),
        mock.patch.object(tries, "WAITS", steps),
    ):
        yield
