import builtins
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.bulk import AnnouncedQuerySet
from accounts.models import Owner
from accounts.whole import SavedWhole
from billing.models.plans import Cycle, Tier
from listings.models import Property


class MembershipStatus(models.TextChoices):
    """Derived from Stripe's objects by `billing/state.py`, never chosen by hand."""

    ACTIVE = "active", "Active"
    EXPIRING_SOON = "expiring_soon", "Ends soon"
    PAST_DUE = "past_due", "Past due"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"


CURRENT = (MembershipStatus.ACTIVE, MembershipStatus.EXPIRING_SOON, MembershipStatus.PAST_DUE)


class MembershipQuerySet(AnnouncedQuerySet["Membership"]):
    def current(self) -> Self:
        """Memberships that give access; a failing payment keeps it during the grace days."""
        return self.filter(status__in=CURRENT)

    def unused(self) -> Self:
        """Paid for, and not yet bound to a house."""
        return self.current().filter(property=None)

    def for_owner(self, owner: Owner) -> Self:
        return self.filter(owner=owner)


class Membership(SavedWhole):
    """One Stripe subscription, as last seen. Written only by `billing/sync.py`, but for `property`.

    Dates are London days; prices are whole pence for one cycle, as sold.
    """

    stripe_subscription_id = models.CharField(max_length=255, unique=True)
    stripe_customer_id = models.CharField(max_length=255, db_index=True)
    owner = models.ForeignKey(
        Owner, on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships"
    )
    property = models.ForeignKey(
        Property, on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="memberships")
    billing_cycle = models.CharField(max_length=10, choices=Cycle)
    net_pence = models.PositiveIntegerField("price without VAT (pence)")
    vat_pence = models.PositiveIntegerField("VAT (pence)")
    currency = models.CharField(max_length=3, default="gbp")
    status = models.CharField(max_length=20, choices=MembershipStatus)
    auto_renew = models.BooleanField(default=True)
    start_date = models.DateField()
    end_date = models.DateField("paid until", null=True, blank=True)
    renewal_date = models.DateField(null=True, blank=True)
    cancelled_date = models.DateField(null=True, blank=True)
    last_payment_date = models.DateField(null=True, blank=True)
    last_payment_amount_pence = models.PositiveIntegerField(null=True, blank=True)
    next_payment_date = models.DateField(null=True, blank=True)
    payment_failure_count = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["-start_date", "-pk"]
        indexes = [models.Index(fields=["status", "renewal_date"], name="membership_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=MembershipStatus.values),
                name="membership_status_is_known",
            ),
            models.UniqueConstraint(
                fields=["property"],
                condition=Q(status__in=CURRENT),
                name="membership_one_current_per_house",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.get_billing_cycle_display().lower()} membership"

    @builtins.property  # the field above takes the short name
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @builtins.property  # the field above takes the short name
    def is_current(self) -> bool:
        return self.status in CURRENT
