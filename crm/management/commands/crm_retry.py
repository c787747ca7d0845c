from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.actor import acting_as
from crm.failures import retry
from crm.models import SyncFailure


class Command(BaseCommand):
    help = "Try again to write the records that could not be written; the worker runs it too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="also those that are not due yet")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        failures = SyncFailure.objects.open().order_by("created_at", "pk")
        if not options["all"]:
            failures = failures.due(now)
        with acting_as("system:crm_retry", "command"):
            settled = [retry(failure, now=now) for failure in failures]
        self.stdout.write(f"Settled {sum(settled)} of {len(settled)} failed records.")
        if not all(settled):
            raise CommandError("Some records still cannot be written: see Sync failures.")
