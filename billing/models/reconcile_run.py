from datetime import datetime
from typing import Any, Self

from django.db import models
from django.utils.timezone import localtime


class ReconcileRunQuerySet(models.QuerySet["ReconcileRun"]):
    def of_everything(self) -> Self:
        """Leave out runs that looked only at what was new: they prove little."""
        return self.filter(since=None)


class ReconcileRun(models.Model):
    """A comparison of our memberships and payments with all that Stripe holds."""

    started_at = models.DateTimeField()
    # None while it runs; for good, if it was killed.
    finished_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)  # None: everything
    # {"subscriptions": n, "invoices": n, ...}: what Stripe listed
    counts = models.JSONField(default=dict, blank=True)
    found = models.PositiveIntegerField("differences found", default=0)
    differences = models.PositiveIntegerField("differences left", default=0)
    # The first of those found: [{"subscription": id, "name": "…", "sentences": [], "left": bool}]
    listed = models.JSONField(default=list, blank=True)
    error = models.TextField(blank=True)  # why it could not be finished

    objects = ReconcileRunQuerySet.as_manager()

    class Meta:
        verbose_name = "comparison with Stripe"
        verbose_name_plural = "comparisons with Stripe"
        ordering = ["-started_at", "-pk"]
        get_latest_by = "started_at"
        indexes = [models.Index(fields=["-started_at", "-id"], name="reconcile_run_newest")]

    def __str__(self) -> str:
        return f"Comparison with Stripe of {localtime(self.started_at):%d %b %Y %H:%M}"

    @property
    def repaired(self) -> int:
        return self.found - self.differences

    def finish(self, now: datetime, **columns: Any) -> None:
        for name, value in {"finished_at": now, **columns}.items():
            setattr(self, name, value)
        self.save(update_fields=["finished_at", *columns])
