from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from accounts.actor import acting_as
from billing.dunning import job


class Command(BaseCommand):
    help = "Send the reminders, renewal notices and card notices that are due; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="list what would be sent, and why each other member gets nothing; as last seen, "
            "for Stripe is asked again before anything is sent",
        )

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        with acting_as("system:send_dunning", "command"):
            report = job.run(now=timezone.now(), dry=dry_run)
        for line in report.lines if dry_run else report.sent:
            self.stdout.write(str(line))
        verb = "would be sent" if dry_run else "sent"
        silent = len(report.lines) - len(report.sent)
        self.stdout.write(f"{len(report.sent)} {verb}, {silent} not, {len(report.failed)} failed.")
        if report.failed:
            raise CommandError("\n".join(report.failed))
