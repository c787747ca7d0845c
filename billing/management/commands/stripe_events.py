from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from billing import inbox
from billing.models import IncomingEvent

# The worker begins the next run a minute after this one, and mail waits behind both.
SECONDS_OF_A_RUN = 40


class Command(BaseCommand):
    help = (
        "Process the events of Stripe that are due: the worker runs it each minute, for what its "
        "own tasks have left. With --forget, drop those that were done long ago."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forget", action="store_true", help="drop old ones instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["forget"]:
            self.stdout.write(f"Forgot {inbox.forget_old(now=timezone.now()):,} old events.")
            return
        due = IncomingEvent.objects.due(timezone.now()).count()
        with tqdm(desc="events of Stripe", total=due, unit=" events", disable=None) as bar:
            tally = inbox.work_off_due(
                seconds=SECONDS_OF_A_RUN, tell=lambda found: bar.update(found.done + found.failed)
            )
        self.stdout.write(f"Processed {tally.done} of {tally.done + tally.failed} events.")
        if tally.failed:
            raise CommandError("Some events could not be processed: see Stripe events.")
