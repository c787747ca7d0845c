"""A failing payment from its first failure to its end, what will be charged, and pauses."""

from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.london import day_of
from billing.models.membership import Membership


class Cause(models.TextChoices):
    """What the member has to do; which words, and when, follow from it."""

    SOFT = "soft", "Declined for now"
    NEW_CARD = "new_card", "Another card is needed"
    AUTHENTICATION = "authentication", "Waits for the bank's confirmation"


class Outcome(models.TextChoices):
    PAID = "paid", "Paid"
    ENDED = "ended", "Membership ended"
    WAIVED = "waived", "Given up by staff"


class EpisodeQuerySet(models.QuerySet["Episode"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)


class Episode(models.Model):
    """From the first open failed invoice of a membership until it is paid or the membership ends.

    Written by `billing/dunning/episodes.py` from Stripe's objects. Pence, VAT included.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="episodes")
    stripe_invoice_id = models.CharField("Stripe invoice", max_length=255, unique=True)
    first_failed_at = models.DateTimeField("first failure")
    amount_pence = models.PositiveIntegerField("amount owed (pence)")
    attempt_count = models.PositiveSmallIntegerField("attempts", default=0)
    next_attempt_at = models.DateTimeField("next try", null=True, blank=True)
    pay_url = models.URLField("where to pay", max_length=1000, blank=True)
    cause = models.CharField(max_length=20, choices=Cause, default=Cause.SOFT)
    decline_code = models.CharField(max_length=100, blank=True)
    # Of the last try: what was charged, and when.
    tried_method_id = models.CharField(max_length=255, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    recent_tries = models.PositiveSmallIntegerField("tries in 30 days", default=0)
    is_processing = models.BooleanField("a bank payment is under way", default=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    objects = EpisodeQuerySet.as_manager()

    class Meta:
        verbose_name = "failing payment"
        ordering = ["first_failed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(closed_at=None),
                name="episode_one_open_per_membership",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="")
                | Q(closed_at__isnull=False) & ~Q(outcome=""),
                name="episode_closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}, failing since {day_of(self.first_failed_at):%-d %b %Y}"

    def days(self, now: datetime) -> int:
        """Return the London days since the first failure, which is day 0.

        Stripe's clock may be ahead of ours, a sandbox's by days.
        """
        return max((day_of(self.closed_at or now) - day_of(self.first_failed_at)).days, 0)


class PaymentMethod(models.Model):
    """What the next charge of a membership will be made to, as last seen at Stripe."""

    membership = models.OneToOneField(
        Membership, on_delete=models.CASCADE, related_name="payment_method"
    )
    stripe_id = models.CharField(max_length=255, blank=True)  # empty: there is none
    kind = models.CharField(max_length=40, blank=True)
    brand = models.CharField(max_length=40, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)  # since we have been looking
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        if self.last4:
            return f"{self.brand.title() or 'Card'} ending {self.last4}"
        return self.kind.replace("_", " ").capitalize() or "No payment method"

    def expires_before(self, day: date | None) -> bool:
        """Say whether the card is no longer good on `day`; it is, to the end of its month."""
        if day is None or self.exp_year is None or self.exp_month is None:
            return False
        return (self.exp_year, self.exp_month) < (day.year, day.month)


class ReminderPauseQuerySet(models.QuerySet["ReminderPause"]):
    def on(self, day: date) -> Self:
        return self.filter(until__gt=day, ended_at=None)


class ReminderPause(models.Model):
    """Staff hold back a member's reminders before a day. It ends by itself; the row stays."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="pauses")
    until = models.DateField("reminders go on from")
    reason = models.CharField(max_length=300)
    by = models.CharField("who", max_length=254)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)  # by staff, before its day

    objects = ReminderPauseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Paused until {self.until:%-d %b %Y}"
