"""How long the traces of the mirror's own work are kept. Notes of bulk writes: see bulk_writes."""

from datetime import datetime, timedelta

from django_q.models import Task

from crm.models import SyncCheck

CHECKS_KEPT = timedelta(days=400)  # a year, and some; those that found something stay for good
FAILED_JOBS_KEPT = timedelta(days=30)  # of the others, the worker keeps its newest by itself


def forget_old_checks(*, now: datetime) -> int:
    """Forget checks that found nothing, but for the newest: that one is the last proof."""
    nothing_found = SyncCheck.objects.filter(differences=0, found=0)
    newest = nothing_found.order_by("-started_at", "-id").values_list("pk", flat=True).first()
    old = nothing_found.filter(started_at__lt=now - CHECKS_KEPT).exclude(pk=newest)
    return old.delete()[0]


def forget_old_jobs(*, now: datetime) -> int:
    """Forget the worker's failed jobs: nothing else ever would."""
    return Task.objects.filter(success=False, stopped__lt=now - FAILED_JOBS_KEPT).delete()[0]
