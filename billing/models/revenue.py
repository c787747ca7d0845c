"""Recurring revenue: what Stripe said of each subscription, and what follows from it.

`SubscriptionMoment` is the truth and only grows. `RevenueSpan` and `RevenueChange` are derived from
it by `billing/revenue/`, and `revenue_rebuild` makes them afresh. Amounts are pence a year, net.
"""

from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import F, Q, Sum

from accounts.models import Owner
from billing.models.membership import Membership


class SubscriptionMoment(models.Model):
    """What a subscription was at a moment, by one event of Stripe or one look of ours."""

    source_id = models.CharField("event or look", max_length=300, unique=True)
    stripe_subscription_id = models.CharField(max_length=255)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    # In Stripe's shape, and without what it says of the person: see billing/revenue/saying.py.
    said = models.JSONField()

    class Meta:
        ordering = ["at", "source_id"]
        indexes = [
            models.Index(fields=["stripe_subscription_id", "at"], name="moment_of_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.stripe_subscription_id} at {self.at:%Y-%m-%d %H:%M}"


class Standing(models.TextChoices):
    """What a running subscription is to the business. Only a paying one counts in MRR."""

    TRIAL = "trial", "On trial"
    PAYING = "paying", "Paying"
    COMPLIMENTARY = "complimentary", "Free of charge"
    PAUSED = "paused", "Paused"


class EndReason(models.TextChoices):
    VOLUNTARY = "voluntary", "Left"
    PAYMENT_FAILED = "payment_failed", "Payment failed"
    PAYMENT_DISPUTED = "payment_disputed", "Payment disputed"
    OTHER = "other", "Another reason"


class RevenueSpanQuerySet(models.QuerySet["RevenueSpan"]):
    def on(self, day: date) -> Self:
        """The spans that stood at the end of a London day."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def in_pounds(self) -> Self:
        return self.filter(currency="gbp")

    def paying(self) -> Self:
        return self.in_pounds().filter(standing=Standing.PAYING)


class RevenueSpan(models.Model):
    """What one subscription was worth from one London day until the day before another.

    Only running subscriptions have one: what has ended has no span from its last day on.
    """

    # Whose: the same for all subscriptions of an owner. See `account_of` in keeping.py.
    account = models.CharField(max_length=255)
    stripe_subscription_id = models.CharField(max_length=255)
    membership = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, related_name="revenue_spans"
    )
    owner = models.ForeignKey(
        Owner, on_delete=models.SET_NULL, null=True, related_name="revenue_spans"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # the first day it no longer holds
    standing = models.CharField(max_length=13, choices=Standing)
    annual_pence = models.BigIntegerField("a year (pence)")
    currency = models.CharField(max_length=3)
    tier = models.CharField(max_length=20, blank=True)  # a code; empty for an unknown price
    cycle = models.CharField(max_length=10, blank=True)
    is_at_risk = models.BooleanField("payment failing", default=False)
    leaving_on = models.DateField(null=True, blank=True)
    # Of a span after which the subscription no longer runs.
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    # When it changes by itself, as a discount ends: it is derived anew on that day.
    turns_on = models.DateField(null=True, blank=True)

    objects = RevenueSpanQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "stripe_subscription_id"]
        indexes = [
            models.Index(fields=["account", "starts_on"], name="revenue_span_account"),
            models.Index(fields=["starts_on", "ends_on"], name="revenue_span_days"),
            models.Index(
                fields=["leaving_on"], condition=~Q(leaving_on=None), name="revenue_span_leaving"
            ),
            models.Index(
                fields=["turns_on"], condition=~Q(turns_on=None), name="revenue_span_turns"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stripe_subscription_id", "starts_on"], name="revenue_span_one_a_day"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="revenue_span_has_days",
            ),
            models.CheckConstraint(
                condition=Q(standing=Standing.PAYING, annual_pence__gt=0)
                | ~Q(standing=Standing.PAYING) & Q(annual_pence=0),
                name="revenue_span_only_paying_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stripe_subscription_id} from {self.starts_on}"


class Movement(models.TextChoices):
    """How the recurring revenue of one owner moved on one London day."""

    NEW = "new", "New"
    EXPANSION = "expansion", "Expansion"
    REACTIVATION = "reactivation", "Reactivation"
    RESUMED = "resumed", "Resumed"
    CONTRACTION = "contraction", "Contraction"
    CHURN = "churn", "Churn"
    PAUSED = "paused", "Paused"


GAINS = (Movement.NEW, Movement.EXPANSION, Movement.REACTIVATION, Movement.RESUMED)
LOSSES = (Movement.CONTRACTION, Movement.CHURN, Movement.PAUSED)


class RevenueChangeQuerySet(models.QuerySet["RevenueChange"]):
    def sums_by_kind(self) -> models.QuerySet[Any]:
        """Return pairs of a movement and its sum."""
        sums = self.order_by().values_list("kind").annotate(sum=Sum("amount_pence"))
        return sums.order_by("kind")


class RevenueChange(models.Model):
    """One movement: an owner, a London day, and the difference, all its subscriptions together."""

    owner = models.ForeignKey(
        Owner, on_delete=models.SET_NULL, null=True, related_name="revenue_changes"
    )
    account = models.CharField(max_length=255)
    stripe_subscription_id = models.CharField(max_length=255)  # the one that moved most
    day = models.DateField()
    kind = models.CharField(max_length=12, choices=Movement)
    before_pence = models.BigIntegerField("before, a year (pence)")
    after_pence = models.BigIntegerField("after, a year (pence)")
    amount_pence = models.BigIntegerField(
        "difference, a year (pence)"
    )  # above zero, also of a loss
    tier = models.CharField(max_length=20, blank=True)
    cycle = models.CharField(max_length=10, blank=True)
    what = models.CharField(max_length=200, blank=True)  # in words
    reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    was_past_due = models.BooleanField(default=False)
    cohort = models.DateField("month of the first", null=True)  # its first day

    objects = RevenueChangeQuerySet.as_manager()

    class Meta:
        ordering = ["day", "pk"]
        indexes = [
            models.Index(fields=["day", "kind"], name="revenue_change_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day"], name="revenue_change_one_an_account_and_day"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=GAINS, after_pence=F("before_pence") + F("amount_pence"))
                | Q(kind__in=LOSSES, after_pence=F("before_pence") - F("amount_pence")),
                name="revenue_change_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(amount_pence__gt=0, before_pence__gte=0, after_pence__gte=0),
                name="revenue_change_is_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.day}"
