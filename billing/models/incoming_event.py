from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.transitions import Transition, TransitionTable


class Arrival(models.TextChoices):
    """What became of an event of Stripe.

    waiting -> done, or -> failed -> done; where no further try helps -> parked, until staff try
    again.
    """

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    PARKED = "parked", "Parked"


OPEN = (Arrival.WAITING, Arrival.FAILED)

ARRIVAL = TransitionTable(
    "an event",
    {status: label.lower() for status, label in Arrival.choices},
    {
        "finish": Transition({*OPEN}, Arrival.DONE, "be finished"),
        "fail": Transition({*OPEN}, Arrival.FAILED, "fail"),
        "park": Transition({*OPEN}, Arrival.PARKED, "be parked"),
        "try again": Transition(
            {Arrival.FAILED, Arrival.PARKED}, Arrival.WAITING, "be tried again"
        ),
    },
)


class IncomingEventQuerySet(models.QuerySet["IncomingEvent"]):
    def open(self) -> Self:
        """Not processed yet, and not given up."""
        return self.filter(status__in=OPEN)

    def due(self, now: datetime) -> Self:
        return self.open().filter(next_try_at__lte=now)

    def parked(self) -> Self:
        """Given up: somebody must look."""
        return self.filter(status=Arrival.PARKED)

    def troubled(self) -> Self:
        return self.filter(status__in=(Arrival.FAILED, Arrival.PARKED))


class IncomingEvent(models.Model):
    """One event of Stripe as it came in, once however often it is sent."""

    stripe_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=255)
    # Empty for what is about nobody, such as a price.
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    stripe_subscription_id = models.CharField(max_length=255, blank=True)
    body = models.TextField()
    status = models.CharField(
        "state", max_length=10, choices=Arrival, default=Arrival.WAITING, db_index=True
    )
    seen = models.PositiveIntegerField("times sent", default=1)
    attempts = models.PositiveIntegerField("failed tries", default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = IncomingEventQuerySet.as_manager()

    class Meta:
        verbose_name = "Stripe event"
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(
                fields=["stripe_customer_id", "next_try_at"],
                condition=Q(status__in=OPEN),
                name="incoming_event_due",
            ),
            models.Index(fields=["-received_at", "-id"], name="incoming_event_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Arrival.values), name="incoming_event_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(next_try_at__isnull=False) | ~Q(status__in=OPEN),
                name="incoming_event_open_has_next_try",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"

    @property
    def reason(self) -> str:
        """Why it failed, in words; what was said stands below it in `error`."""
        return self.error.partition("\n")[0]
