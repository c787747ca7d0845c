from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.actor import acting_as
from crm.management.database_faults import faults_in_words
from crm.models import SyncFailure
from crm.retrying import Tried, retry

# The worker begins the next run a minute after this one, and mail waits behind both.
SECONDS_OF_A_RUN = 40


class Command(BaseCommand):
    help = (
        "Try again to write the records that could not be written. The worker runs it each minute "
        f"for those that are due, and goes on in the next run after {SECONDS_OF_A_RUN} seconds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="also those that are not due yet, until all is tried"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with faults_in_words(), acting_as("system:crm_retry", "command"):
            tried = self._retry(everything=options["all"])
        self.stdout.write(f"Settled {tried.settled} of {tried.done} failed records.")
        if tried.left:
            self.stdout.write(f"{tried.left} are left for the next run.")
        if tried.failed:
            raise CommandError("Some records still cannot be written: see Sync failures.")

    def _retry(self, *, everything: bool) -> Tried:
        now, failures = timezone.now(), SyncFailure.objects.open()
        seconds = None if everything else SECONDS_OF_A_RUN
        chosen = failures if everything else failures.due(now)
        with tqdm(desc="failed syncs", unit=" rows", disable=None) as bar:

            def tell(tried: Tried) -> None:
                bar.total = tried.done + tried.left
                bar.update(tried.done - bar.n)

            return retry(chosen, now=now, seconds=seconds, tell=tell)
