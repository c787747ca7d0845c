from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone
from tqdm import tqdm

from accounts.actor import acting_as
from accounts.interruption import Interruption, interruptible
from billing.revenue.rebuild import LISTED_AT_MOST, Progress, rebuild
from billing.revenue.rebuild import check as check_rebuild

DIFFERS = 1


class Stopped(Exception):
    """Somebody asked the command to end, and the batch at hand is done."""


class Command(BaseCommand):
    help = (
        "Derive the recurring revenue of every subscription afresh from what Stripe said of it, "
        "and write what differs. Exit code 1 when --check finds a difference, 130 when stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument(
            "--check", action="store_true", help="prove that this would change nothing; write none"
        )
        only.add_argument(
            "--due",
            action="store_true",
            help="only what has changed by itself, as a discount that ended",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_as("system:revenue_rebuild", "command"), interruptible() as interruption:
            with tqdm(unit=" subscription", disable=None) as bar:
                self.progress = Progress(watch=lambda progress: _show(bar, progress, interruption))
                try:
                    self._run(**options)
                except (Stopped, KeyboardInterrupt):
                    said = f"Stopped after {self.progress.done:,} of {self.progress.total:,}."
                    raise CommandError(said, returncode=interruption.exit_code) from None
        self._conclude(is_check=options["check"])

    def _run(self, *, check: bool, due: bool, **options: Any) -> None:
        if check:
            check_rebuild(self.progress, now=timezone.now())
        else:
            rebuild(self.progress, now=timezone.now(), only_due=due)

    def _conclude(self, *, is_check: bool) -> None:
        progress = self.progress
        many = f"{progress.done:,} subscription{pluralize(progress.done)}"
        if not is_check:
            rows = f"{progress.written:,} row{pluralize(progress.written)}"
            self.stdout.write(f"Derived {many} afresh: {rows} written or deleted.")
        if progress.failed:
            names = ", ".join(progress.failed[:LISTED_AT_MOST])
            said = f"{len(progress.failed):,} could not be derived, and stay as they were: {names}."
            raise CommandError(f"{said} The log says why.", returncode=DIFFERS)
        if is_check:
            self._tell(many)

    def _tell(self, many: str) -> None:
        progress = self.progress
        for line in progress.listed:
            self.stdout.write(line)
        if progress.found:
            rows = f"{progress.found:,} row{pluralize(progress.found)}"
            raise CommandError(f"A rebuild would change {rows} of {many}.", returncode=DIFFERS)
        self.stdout.write(f"A rebuild of {many} would change nothing.")


def _show(bar: "tqdm[Any]", progress: Progress, interruption: Interruption) -> None:
    if interruption.signal:
        raise Stopped
    bar.total = progress.total
    bar.update(progress.done - bar.n)
