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
    source_key = models.CharField(max_length=300)  # a mirror, and an address of 254
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
    differences = models.PositiveIntegerField()  # that stand now, after the repair if there was one
    repaired = models.BooleanField(default=False)
    found = models.PositiveIntegerField(default=0)  # differences before the repair
    # {mirror or mirror.column: fingerprint}: tells a changed mapping from a changed source
    declarations = models.JSONField(default=dict)

    class Meta:
        db_table = "crm_sync_checks"
        ordering = ["-started_at", "-id"]
        get_latest_by = "started_at"
        indexes = [models.Index(fields=["-started_at", "-id"], name="sync_check_newest")]

    def __str__(self) -> str:
        return f"{self.differences} differences, {self.started_at:%d %b %Y %H:%M}"


class BulkWrite(models.Model):
    """A write to source rows that sends no signal: kept to name the cause of a drift."""

    model = models.CharField(max_length=100)  # "listings.property"
    method = models.CharField(max_length=20)  # update or bulk_create
    columns = models.JSONField(default=list)
    keys = models.JSONField(null=True)  # of the rows written; None when there were too many
    rows = models.PositiveIntegerField()
    actor = models.CharField(max_length=254)
    origin = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "crm_bulk_writes"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["model", "-created_at"], name="bulk_write_newest")]

    def __str__(self) -> str:
        return f"{self.method} of {self.rows} rows of {self.model} by {self.actor}"


class BackfillRun(models.Model):
    """How far a backfill has come, so that one that was killed goes on where it stood."""

    mirror = models.CharField(max_length=20)
    since = models.DateTimeField(null=True)  # only sources changed from then on; None for all
    after_key = models.JSONField(null=True)  # the last source key that was done
    counts = models.JSONField(default=dict)  # {"created": n, "updated": n, ...} so far
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "crm_backfill_runs"
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mirror"],
                condition=Q(finished_at=None),
                name="backfill_one_unfinished_per_mirror",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mirror}, {self.started_at:%d %b %Y %H:%M}"
