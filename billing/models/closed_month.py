"""Months that were closed: their figures stay, whatever is heard of later."""

from django.db import models
from django.db.models import F, Q


class ClosedMonth(models.Model):
    """A London month with its figures as they were when somebody closed it.

    `figures`: the names of `billing/revenue/closing.py` to pence or heads. Never changed.
    """

    month = models.DateField(unique=True)  # its first day
    closed_at = models.DateTimeField()
    closed_by = models.CharField("who", max_length=254)
    figures = models.JSONField()

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="closed_month_is_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"

    @property
    def last_known(self) -> dict[str, int]:
        """The figures with all adjustments noticed so far."""
        adjusted = {each.figure: each.after for each in self.adjustments.all()}
        return {**self.figures, **adjusted}


class MonthAdjustment(models.Model):
    """What a closed month's figure has become since, dated by when it was noticed."""

    closed_month = models.ForeignKey(
        ClosedMonth, on_delete=models.PROTECT, related_name="adjustments"
    )
    figure = models.CharField(max_length=40)
    before = models.BigIntegerField()
    after = models.BigIntegerField()
    noticed_at = models.DateTimeField()

    class Meta:
        ordering = ["noticed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(before=F("after")), name="month_adjustment_changes_something"
            )
        ]

    def __str__(self) -> str:
        return f"{self.figure} of {self.closed_month}"

    @property
    def difference(self) -> int:
        return self.after - self.before
