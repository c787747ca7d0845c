"""A flow taken once: what the person saw, what the site then holds, and how the CRM catches up."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import time_machine
from django.core.management import CommandError, call_command
from django.db.models.signals import post_delete, post_save
from django.test import Client

from accounts.bulk import rows_written
from crm import receivers
from crm.models import SyncCheck, SyncFailure
from crm.tests.faults import world
from crm.tests.faults.flows import NOW, Flow, Place, seen
from crm.tests.faults.sql import Hurt
from stripe_sandbox.process import Running


@dataclass
class Taken:
    """What the person saw, what the site then held, and, when all was settled, what the CRM did."""

    seen: dict[str, Any]
    sources: world.Rows
    records: world.Rows = field(default_factory=dict)


@contextmanager
def first_day(running: Running) -> Iterator[Place]:
    """An empty site, at a fixed moment."""
    world.empty()
    running.sandbox.reset()
    with time_machine.travel(NOW, tick=False):
        yield Place(Client(raise_request_exception=False), running)


def take(place: Place, flow: Flow, hurt: Hurt = nullcontext) -> Taken:
    """Take the flow, while the fault hurts, on a site where all was well before."""
    given = flow.prepare(place)
    with hurt():
        answer = flow.take(place, given)
    return Taken(seen(answer), world.source_rows())


@contextmanager
def no_crm() -> Iterator[None]:
    """Nothing of the CRM hears what the site does."""
    for model, receiver in receivers.RECEIVERS.items():
        for signal in (post_save, post_delete):
            assert signal.disconnect(sender=model, dispatch_uid=f"crm.{receiver.__name__}")
    assert rows_written.disconnect(dispatch_uid="crm.note_rows_written")
    try:
        yield
    finally:
        receivers.connect()


def try_again() -> None:
    """What the worker does each minute."""
    with suppress(CommandError):  # where nothing can be read yet
        call_command("crm_retry", "--all")


def check() -> SyncCheck:
    """What the worker does each quarter of an hour. Raises CommandError where records differ."""
    call_command("crm_check", "--repair")
    return SyncCheck.objects.latest()


def open_failures() -> list[str]:
    return [failure.message for failure in SyncFailure.objects.open()]
