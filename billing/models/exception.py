from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.london import in_words
from billing.models.plans import Tier
from listings.models import Property


class ListingExceptionQuerySet(models.QuerySet["ListingException"]):
    def running(self, day: date) -> Self:
        """Those that stand in for a membership on a London day."""
        return self.filter(ended_at=None, until__gte=day)

    def overdue(self, day: date) -> Self:
        """Those whose last day is over and whose end nobody has drawn yet."""
        return self.filter(ended_at=None, until__lt=day)


class ListingException(models.Model):
    """Staff let a house be listed without a membership, to a day and for a reason.

    Written only by `billing/exception_grants.py`.
    """

    property = models.ForeignKey(
        Property, on_delete=models.CASCADE, related_name="listing_exceptions"
    )
    tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        related_name="listing_exceptions",
        help_text="What the house is listed as meanwhile.",
    )
    reason = models.TextField()
    until = models.DateField("last day")
    granted_by = models.CharField(max_length=254)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=254, blank=True)

    objects = ListingExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = "exception"
        ordering = ["-granted_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["property"],
                condition=Q(ended_at=None),
                name="listing_exception_one_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="listing_exception_says_why"),
        ]

    def __str__(self) -> str:
        return f"Exception for {self.property} until {in_words(self.until)}"
