"""A process that writes, tells of each write once it is committed, and is killed at a given step.

A step is a statement about to run, a commit about to be made, and one just made. The process is
forked from a server that has Django ready and no connection, so that a death costs milliseconds.
"""

import hashlib
import io
import logging
import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import CommandError, call_command, load_command_class
from django.db import connections, transaction
from django.template.loader import get_template
from django.urls import get_resolver
from tqdm import tqdm

from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Membership, MembershipStatus
from billing.tests.factories import MembershipFactory
from crm.mirror.statement import SyncStatement
from crm.tests.faults import world
from crm.tests.faults.flows import NOW
from listings.intake import take_enquiry
from listings.models import Enquiry, Property
from listings.tests.factories import PropertyFactory

WRITES_IN_A_LIFE = 6
PATIENCE_SECONDS = 30

Write = Callable[[random.Random], None]


def found() -> None:
    """What there is before: an owner, a house, somebody who asked about it, a membership."""
    alice = OwnerFactory(user__email="alice@example.com", user__last_name="Ashdown")
    for title in ("Fern Hall", "Moss Hall"):
        house = PropertyFactory(owner=alice, title=title, live=True)
    ask(random.Random(0))
    names = {"stripe_subscription_id": "sub_1", "stripe_customer_id": "cus_1"}
    MembershipFactory(owner=alice, property=house, **names)


# --- Writes, each in one transaction --------------------------------------------------------------


def sign_up(chance: random.Random) -> None:
    name = f"owner{User.objects.count()}"
    with transaction.atomic():
        user = UserFactory(email=f"{name}@example.com", last_name=name)
        EmailAddress.objects.create(user=user, email=user.email, primary=True)
        Owner.objects.create(user=user, signup_date=NOW)


def add_house(chance: random.Random) -> None:
    owner = chance.choice(Owner.objects.order_by("pk"))
    PropertyFactory(owner=owner, title=f"Hall {Property.objects.count()}", live=True)


def edit_house(chance: random.Random) -> None:
    for house in some(Property, chance):
        house.bedrooms, house.description = chance.randint(1, 20), "Newly painted."
        house.save()


def delete_house(chance: random.Random) -> None:
    for house in some(Property, chance):
        house.delete()


def ask(chance: random.Random) -> None:
    """Some guests write from the address of an owner."""
    who = chance.choice(["gus@example.com", "gwen@example.com", "owner1@example.com"])
    enquiry = Enquiry(guest_name="Gus Guest", guest_email=who, group_size=16)
    for house in some(Property, chance):
        take_enquiry(enquiry, house, trapped=False)


def pay(chance: random.Random) -> None:
    for house in some(Property, chance):
        number = f"sub_{Membership.objects.count() + 1}"
        names = {"stripe_subscription_id": number, "stripe_customer_id": "cus_1"}
        ended = {"status": MembershipStatus.CANCELLED, "cancelled_date": NOW.date()}
        MembershipFactory(owner=house.owner, property=house, **names, **ended)


def write_in_bulk(chance: random.Random) -> None:
    Property.objects.update(bathrooms=chance.randint(1, 9))


def write_past_a_broken_crm(chance: random.Random) -> None:
    with mock.patch.object(SyncStatement, "run", side_effect=ValueError("broken")):
        edit_house(chance)


def retry(chance: random.Random) -> None:
    command("crm_retry", "--all")


def repair(chance: random.Random) -> None:
    command("crm_check", "--repair")


def backfill(chance: random.Random) -> None:
    command("crm_backfill")


def command(*words: str) -> None:
    with suppress(CommandError):
        call_command(*words, stdout=io.StringIO())


def some(model: type, chance: random.Random) -> list[Any]:
    rows = list(model.objects.order_by("pk"))
    return [chance.choice(rows)] if rows else []


WRITES: tuple[Write, ...] = (
    sign_up,
    add_house,
    edit_house,
    delete_house,
    ask,
    pay,
    write_in_bulk,
    write_past_a_broken_crm,
    retry,
    repair,
    backfill,
)


def drawn(seed: int) -> list[Write]:
    return random.Random(seed).choices(WRITES, k=WRITES_IN_A_LIFE)


def warm_up() -> None:
    """Do in the server of the forks what every life would otherwise do anew."""
    get_resolver().url_patterns  # noqa: B018  (the first use reads them)
    for name in ("crm_retry", "crm_check", "crm_backfill"):
        load_command_class("crm", name)
    for template in Path(settings.BASE_DIR, "templates/listings/email").iterdir():
        get_template(f"listings/email/{template.name}")


# --- One life -------------------------------------------------------------------------------------


@dataclass
class Steps:
    """Counts steps, and ends the process at one of them as nothing could catch it."""

    kill_at: int
    taken: int = 0

    def take(self) -> None:
        self.taken += 1
        if self.taken == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def counted(self) -> Iterator[None]:
        connection = connections["default"]
        commit = connection._commit

        def step_and_execute(execute: Callable[..., Any], *args: Any) -> Any:
            self.take()
            return execute(*args)

        def step_and_commit() -> None:
            self.take()
            commit()
            self.take()

        with (
            connection.execute_wrapper(step_and_execute),
            mock.patch.object(connection, "_commit", step_and_commit),
        ):
            yield


def live(database: str, writes: list[Write], seed: int, kill_at: int, tell: Connection) -> None:
    """Write, and tell after each commit what the sources then are, and after how many steps.

    With `kill_at` 0 it lives to the end.
    """
    logging.disable()
    tqdm.set_lock(threading.RLock())  # its own is one between processes, and outlives a killed one
    connections["default"].settings_dict["NAME"] = database
    chance, steps = random.Random(seed), Steps(kill_at)
    with time_machine.travel(NOW, tick=False):
        for write in writes:
            with steps.counted():
                write(chance)
            steps.take()
            tell.send((print_of_sources(), steps.taken))
    connections.close_all()


def print_of_sources() -> str:
    return hashlib.sha256(repr(world.source_rows()).encode()).hexdigest()


# --- Seen from outside ----------------------------------------------------------------------------


@dataclass
class Life:
    """What it told after each write that it acknowledged: a print of the sources, and its steps."""

    told: list[tuple[str, int]]
    killed: bool

    @property
    def prints(self) -> list[str]:
        return [sources for sources, _ in self.told]

    @property
    def steps(self) -> list[int]:
        return [steps for _, steps in self.told]


def watch(writes: list[Write], seed: int, kill_at: int = 0) -> Life:
    """Let a process live, and return what it told before it ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "crm.tests.faults.nursery"])
    receive, tell = context.Pipe(duplex=False)
    database = connections["default"].settings_dict["NAME"]
    connections.close_all()
    process = context.Process(target=live, args=(database, writes, seed, kill_at, tell))
    process.start()
    tell.close()
    told = list(_told(receive))
    process.join(PATIENCE_SECONDS)
    return Life(told, killed=process.exitcode == -signal.SIGKILL)


def _told(receive: Connection) -> Iterator[Any]:
    with receive, suppress(EOFError):
        while receive.poll(PATIENCE_SECONDS):
            yield receive.recv()
