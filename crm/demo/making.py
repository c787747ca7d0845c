"""From the story to a database full of rows, with every webhook received."""

import logging
import os
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django_q.models import OrmQ

from accounts.actor import acting_as
from billing.dunning import job
from billing.reconcile.run import Progress as Comparison
from billing.reconcile.run import run_reconcile
from crm.demo.album import Album
from crm.demo.happenings import AddHouse, Happening
from crm.demo.sandbox import Sandbox
from crm.demo.story import Story
from crm.demo.telling import Stage, tell
from crm.demo.telling.worker import post_mail
from crm.demo.travel import Receiver, TravellingClock

# Public, and worth nothing: the command refuses to run outside the demo.
PASSWORD = "welcome-to-the-house"  # noqa: S105


class DemoWentWrong(Exception):
    """What was made differs from Stripe, or the worker failed: a fault of the software."""


Progress = Callable[[list[Happening]], Iterable[Happening]]


def make_demo(plan: Story, sandbox: Sandbox, *, progress: Progress, stay: bool = False) -> int:
    """Live through the story, and return how many webhooks were received.

    The sandbox must be new. Its clock runs with the wall's afterwards, or stays at the story's end.

    Raises SandboxError when the sandbox was used before, and when a webhook was not received.
    """
    sandbox.go_back_to(plan.begins_at)
    try:
        return _make(plan, sandbox, progress, stay)
    except BaseException:
        # Half a story is of no use, and its clock would stand still in the past.
        sandbox.reset()
        raise


def _make(plan: Story, sandbox: Sandbox, progress: Progress, stay: bool) -> int:
    houses = [each.house for each in plan.happenings if isinstance(each, AddHouse)]
    clock = TravellingClock(plan.begins_at)
    with (
        Album(houses) as album,
        Receiver(clock) as receiver,
        sandbox.sending_to(receiver.url) as secret,
        trusting(secret),
    ):
        with clock, repeatable_chance(plan.seed), quiet_queue():
            stage = Stage(sandbox, receiver, album, make_password(PASSWORD))
            live_through(plan, stage, clock, progress)
            close_the_books(stage, plan.now)
        if not stay:
            sandbox.release()
        return sandbox.check_deliveries()


def live_through(plan: Story, stage: Stage, clock: TravellingClock, progress: Progress) -> None:
    for happening in progress(plan.happenings):
        # What falls due at Stripe in between comes first.
        stage.sandbox.advance_to(happening.at)
        clock.move_to(happening.at)
        tell(happening, stage)
    stage.sandbox.advance_to(plan.now)
    clock.move_to(plan.now)


def close_the_books(stage: Stage, now: datetime) -> None:
    """Do what the worker does in the hour of `now`, and compare all with Stripe.

    The tasks and mails of eighteen months are done: the worker must not begin with them.
    """
    with acting_as("system:send_dunning", "worker"), stage.receiver.closed():
        report = job.run(now=now)
    stage.sandbox.settle()
    post_mail()
    OrmQ.objects.all().delete()
    with acting_as("system:stripe_reconcile", "command"):
        run = run_reconcile(Comparison(), now=now, since=None)
    run.finish(now)  # the clock stands: how long it took here would differ each time
    if report.failed or run.found:
        wrong = report.failed or [sentence for each in run.listed for sentence in each["sentences"]]
        raise DemoWentWrong("\n".join(wrong))


@contextmanager
def quiet_queue() -> Iterator[None]:
    """Hide one line for each of hundreds of mails that nobody will send."""
    logger = logging.getLogger("django-q")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def trusting(secret: str) -> Iterator[None]:
    """Accept what the sandbox signs for the demo's own receiver."""
    settings.STRIPE_WEBHOOK_SECRETS.append(secret)
    try:
        yield
    finally:
        settings.STRIPE_WEBHOOK_SECRETS.remove(secret)


@contextmanager
def repeatable_chance(seed: str) -> Iterator[None]:
    """Draw ids, file names and salts from the seed, so that the same story makes the same rows."""
    source = random.Random(seed)  # noqa: S311  (for the demo's public data alone)
    with (
        mock.patch.object(os, "urandom", source.randbytes),
        mock.patch.object(random, "_urandom", source.randbytes),
    ):
        yield
