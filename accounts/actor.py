"""Who is acting: set at the edge (middleware, webhook, command), read where history is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`name` is an e-mail address, `stripe`, or `system:<command>`."""

    name: str
    origin: str  # admin, site, api, webhook, command, worker or shell


NOBODY = Actor(name="system:shell", origin="shell")

_current: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


def current_actor() -> Actor:
    return _current.get()


@contextmanager
def acting_as(name: str, origin: str) -> Iterator[Actor]:
    actor = Actor(name, origin)
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
