from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from crm.keeping import CHECKS_KEPT, FAILED_JOBS_KEPT, forget_old_checks, forget_old_jobs
from crm.management.database_faults import faults_in_words


class Command(BaseCommand):
    help = (
        f"Forget checks that found nothing after {CHECKS_KEPT.days} days, and failed jobs of the "
        f"worker after {FAILED_JOBS_KEPT.days}. The worker runs it once a day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with faults_in_words():
            checks, jobs = forget_old_checks(now=now), forget_old_jobs(now=now)
        self.stdout.write(f"Forgot {checks:,} checks and {jobs:,} failed jobs.")
