from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from billing import exception_grants


class Command(BaseCommand):
    help = "End the exceptions whose last day is over, and the listings that rested on them."

    def handle(self, *args: Any, **options: Any) -> None:
        ended = exception_grants.end_overdue(now=timezone.now())
        self.stdout.write(f"{ended} ended")
