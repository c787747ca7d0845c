"""Sums kept beside the rows they are of, so that a figure over millions of rows is read at once.

A change adds rows here and changes none, in its own transaction: nobody waits for anybody, and a
sum is never behind. `revenue_rebuild` folds the rows of one key into one, and checks the sums.
"""

from django.db import models

from billing.models.payment import PaymentKind
from billing.models.revenue import EndReason, Movement, Standing


class MovementTally(models.Model):
    """Of RevenueChange, by London month. Pence a year; `joined` and `left` are heads."""

    month = models.DateField()  # its first day
    kind = models.CharField(max_length=12, choices=Movement)
    reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    cohort = models.DateField(null=True)  # the month of the first movement of whoever moved
    changes = models.IntegerField()
    amount_pence = models.BigIntegerField()
    joined = models.IntegerField()  # from nothing to something
    left = models.IntegerField()  # from something to nothing

    class Meta:
        verbose_name = "sum of movements"
        indexes = [models.Index(fields=["month", "kind"], name="movement_tally_month")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.month:%B %Y}: {self.amount_pence}"


class SpanTally(models.Model):
    """Of the spans that go on: what all subscriptions are now. Pence a year."""

    standing = models.CharField(max_length=13, choices=Standing)
    currency = models.CharField(max_length=3)
    tier = models.CharField(max_length=20, blank=True)
    cycle = models.CharField(max_length=10, blank=True)
    is_at_risk = models.BooleanField()
    is_leaving = models.BooleanField()
    spans = models.IntegerField()
    annual_pence = models.BigIntegerField()

    class Meta:
        verbose_name = "sum of subscriptions"

    def __str__(self) -> str:
        return f"{self.standing} {self.tier} {self.cycle}: {self.annual_pence}"


class CashTally(models.Model):
    """Of Payment, by London month. Pence; `without_fee` counts rows whose fee is not known."""

    month = models.DateField()
    kind = models.CharField(max_length=12, choices=PaymentKind)
    currency = models.CharField(max_length=3)
    payments = models.IntegerField()
    net_pence = models.BigIntegerField()
    vat_pence = models.BigIntegerField()
    gross_pence = models.BigIntegerField()
    fee_pence = models.BigIntegerField()
    without_fee = models.IntegerField()

    class Meta:
        verbose_name = "sum of payments"
        indexes = [models.Index(fields=["month", "kind"], name="cash_tally_month")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.month:%B %Y}: {self.gross_pence}"
