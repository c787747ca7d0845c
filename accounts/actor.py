"""Who is acting: set at the edge (middleware, webhook, command), read where history is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`name` is an e-mail address, `visitor`, `stripe`, or `system:<command>`."""

    name: str
    origin: str  # admin, site, api, webhook, command, worker, repair or shell


_current: ContextVar[Callable[[], Actor]] = ContextVar("actor")


def current_actor() -> Actor:
    find = _current.get(None)
    return find() if find else Actor(name="system:shell", origin="shell")


@contextmanager
def acting_as(name: str | Callable[[], str], origin: str) -> Iterator[None]:
    """Name the actor of all that is written inside; a function is asked each time it matters.

    A command names itself, and cannot know that the worker runs it: the worker's origin stays.
    """
    if origin == "command" and current_actor().origin == "worker":
        origin = "worker"
    find_name = name if callable(name) else lambda: name
    token = _current.set(lambda: Actor(find_name(), origin))
    try:
        yield
    finally:
        _current.reset(token)
