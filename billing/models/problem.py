from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from accounts.models import User


class SubscriptionProblemQuerySet(models.QuerySet["SubscriptionProblem"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)

    def with_owner(self) -> Self:
        """Add `owner_pk` and `owner_name` of the owner whose Stripe customer it names, or None."""
        customer = OuterRef("stripe_customer_id")
        users = User.objects.filter(owner__stripe_customer__stripe_id=customer)
        full_name = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
        name = Coalesce(full_name, "email", output_field=models.CharField())
        return self.annotate(
            owner_pk=Subquery(users.values("owner")[:1]),
            owner_name=Subquery(users.values(name=name)[:1]),
        )


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
        return f"Subscription {self.stripe_subscription_id}"

    def see_again(self, reason: str, now: datetime) -> None:
        self.reason, self.last_seen_at, self.resolved_at = reason, now, None
        self.attempts += 1
        self.save(update_fields=["reason", "last_seen_at", "resolved_at", "attempts"])
