from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from crm.models.activity import Entity


class SyncFailureQuerySet(models.QuerySet["SyncFailure"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)

    def due(self, now: datetime) -> Self:
        return self.open().filter(next_retry_at__lte=now)


class SyncFailure(models.Model):
    """A source row whose record could not be written. One open row per source row."""

    entity_type = models.CharField("entity", max_length=12, choices=Entity)
    source_key = models.CharField(max_length=254)
    message = models.TextField()
    attempts = models.PositiveIntegerField(default=1)
    next_retry_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=254, blank=True)

    objects = SyncFailureQuerySet.as_manager()

    class Meta:
        db_table = "crm_sync_failures"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity_type", "source_key"],
                condition=Q(resolved_at=None),
                name="sync_failure_one_open_per_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_entity_type_display()} {self.source_key.partition(':')[2]}"


class SyncCheck(models.Model):
    """A proof, at one moment, of how the records compare with their sources."""

    started_at = models.DateTimeField()
    seconds = models.FloatField()
    # {"contacts": {"source": n, "records": n, "missing": n, "changed": n, "orphaned": n}, ...}
    entities = models.JSONField()
    differences = models.PositiveIntegerField()
    repaired = models.BooleanField(default=False)

    class Meta:
        db_table = "crm_sync_checks"
        ordering = ["-started_at", "-id"]
        get_latest_by = "started_at"

    def __str__(self) -> str:
        return f"{self.differences} differences, {self.started_at:%d %b %Y %H:%M}"
