from datetime import datetime
from typing import Self

from django.db import models


class SubscriptionProblemQuerySet(models.QuerySet["SubscriptionProblem"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class SubscriptionProblem(models.Model):
    """A Stripe subscription that could not be read, kept where staff see it until it can be."""

    stripe_subscription_id = models.CharField(max_length=255, unique=True)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=300)
    attempts = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.stripe_subscription_id}: {self.reason}"

    def see_again(self, reason: str, now: datetime) -> None:
        self.reason, self.last_seen_at, self.resolved_at = reason, now, None
        self.attempts += 1
        self.save(update_fields=["reason", "last_seen_at", "resolved_at", "attempts"])
