"""`manage.py demo`: fill an empty database with a believable business, by living through it."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.actor import acting_as
from crm.demo import rows
from crm.demo.console import Bar, ended_by_sigterm
from crm.demo.logins import logins
from crm.demo.making import DemoWentWrong, make_demo
from crm.demo.sandbox import Sandbox, SandboxError
from crm.demo.story import plan_story

SEED = "gatehouse"
SMALLEST, LARGEST = 0.05, 2


class Command(BaseCommand):
    help = "Fill an empty database with the demo: eighteen months of a believable business."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--if-empty", action="store_true", help="do nothing if there are users already")
        add("--reset", action="store_true", help="throw away all that is in this database first")
        add("--show-logins", action="store_true", help="only print the logins and test cards")
        add("--seed", default=SEED, help="another word makes another business")
        add("--scale", type=scale, default=1, help="0.1: a tenth of the houses and enquiries")
        add("--now", type=moment, help="when the story ends; the sandbox's clock then stays there")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not the demo. Set DEMO=true to make demo data.")
        if options["show_logins"]:
            self.stdout.write(logins())
        elif self.may_fill(options):
            started = time.monotonic()
            delivered = self.fill(options)
            self.report(delivered, time.monotonic() - started)
            # Whoever starts with --if-empty goes on to start the site, and shows them then.
            if not options["if_empty"]:
                self.stdout.write(f"\n{logins()}")

    def may_fill(self, options: dict[str, Any]) -> bool:
        if options["reset"] or rows.is_unfinished() or not rows.is_in_use():
            return True
        if options["if_empty"]:
            return False
        raise CommandError(
            "This database has users already. The demo needs an empty one; "
            "--reset throws away everything that is in this one."
        )

    def fill(self, options: dict[str, Any]) -> int:
        """Return how many webhooks were received."""
        sandbox = self.find_sandbox()
        now = options["now"] or timezone.now().replace(microsecond=0)
        plan = plan_story(options["seed"], now, options["scale"])
        bar = Bar(quiet=options["verbosity"] == 0)
        try:
            if rows.is_in_use():
                sandbox.reset()
                rows.empty_everything()
            with acting_as("system:demo", "command"), ended_by_sigterm():
                rows.mark_unfinished()
                delivered = make_demo(plan, sandbox, progress=bar, stay=bool(options["now"]))
                rows.mark_finished()
        except (SandboxError, DemoWentWrong) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as stop:
            raise CommandError("Interrupted. The next run starts afresh.", returncode=130) from stop
        return delivered

    def find_sandbox(self) -> Sandbox:
        url = getattr(settings, "STRIPE_API_HOST", "")
        if not url:
            raise CommandError(
                "The demo needs the Stripe sandbox, and these settings name the real Stripe. "
                "Leave STRIPE_SECRET_KEY out, or set STRIPE_API_HOST."
            )
        sandbox = Sandbox(url, settings.STRIPE_SECRET_KEY)
        try:
            sandbox.check()
        except SandboxError as error:
            raise CommandError(f"{error} {how_to_start(url)}") from error
        return sandbox

    def report(self, delivered: int, seconds: float) -> None:
        self.stdout.write(f"The demo is ready, after {seconds:.0f} seconds:")
        for name, number, division in rows.summary():
            self.stdout.write(f"  {name:<13}{number:>6}  {division}".rstrip())
        self.stdout.write(f"  {'Webhooks':<13}{delivered:>6}  all received")


def moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ArgumentTypeError("Give a moment with its time zone: 2026-11-22T14:00:00+00:00")
    return found.astimezone(UTC).replace(microsecond=0)


def scale(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not SMALLEST <= found <= LARGEST:
        raise ArgumentTypeError(f"Give a number from {SMALLEST} to {LARGEST}.")
    return found


def how_to_start(url: str) -> str:
    """Return the sentence that says how to run the sandbox that these settings name."""
    site, secret = settings.SITE_URL, settings.STRIPE_WEBHOOK_SECRETS[0]
    return (
        "Start it in another terminal and try again, or let `make run` do everything:\n"
        f"  python -m stripe_sandbox --port {urlsplit(url).port or 80} "
        "--state var/stripe_sandbox.sqlite3 "
        f"--webhook-url {site}/stripe/webhook/ --webhook-secret {secret}"
    )
