from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Trim

from accounts.bulk import AnnouncedQuerySet
from accounts.models import Owner, normalise_email
from accounts.whole import SavedWhole
from listings.choices import EnquiryStatus
from listings.models.property import Property


class EnquiryQuerySet(AnnouncedQuerySet["Enquiry"]):
    def received(self) -> Self:
        """Enquiries that count as business: neither quarantined nor spam."""
        return self.filter(quarantine_reason="").exclude(status=EnquiryStatus.SPAM)

    def unanswered(self) -> Self:
        return self.received().filter(status=EnquiryStatus.NEW)

    def for_owner(self, owner: Owner) -> Self:
        return self.received().filter(owner=owner)


class Enquiry(SavedWhole):
    """A guest's question about a house. It keeps the house and the owner of that moment."""

    property = models.ForeignKey(
        Property, on_delete=models.SET_NULL, null=True, related_name="enquiries"
    )
    owner = models.ForeignKey(Owner, on_delete=models.SET_NULL, null=True, related_name="enquiries")
    guest_name = models.CharField("your name", max_length=150)
    guest_email = models.EmailField("e-mail")
    guest_phone = models.CharField("phone", max_length=30, blank=True)
    check_in = models.DateField("arrival", null=True, blank=True)
    check_out = models.DateField("departure", null=True, blank=True)
    group_size = models.PositiveSmallIntegerField("group size")
    occasion = models.CharField(max_length=100, blank=True)
    add_ons = models.JSONField(default=list, blank=True)
    message = models.TextField(blank=True)
    marketing_consent = models.BooleanField(default=False)
    # `status` changes only through listings/lifecycle.py
    status = models.CharField(
        max_length=10, choices=EnquiryStatus, default=EnquiryStatus.NEW, editable=False
    )
    lost_reason = models.CharField(max_length=200, blank=True, editable=False)
    first_response_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Why staff are to look at it before its owner does; never dropped. Set when it comes in,
    # emptied in listings/lifecycle.py.
    quarantine_reason = models.CharField(max_length=100, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = EnquiryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "enquiries"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="enquiry_of_owner"),
            models.Index(fields=["status", "created_at"], name="enquiry_status"),
            # The newest of a guest says what they are called.
            models.Index(fields=["guest_email", "-created_at", "-id"], name="enquiry_of_guest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=EnquiryStatus.values), name="enquiry_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(guest_email=Lower(Trim("guest_email"))),
                name="enquiry_email_is_normalised",
            ),
            models.CheckConstraint(
                condition=Q(check_in__isnull=True)
                | Q(check_out__isnull=True)
                | Q(check_out__gt=F("check_in")),
                name="enquiry_dates_in_order",
                violation_error_message="The departure must be after the arrival.",
            ),
            models.CheckConstraint(condition=Q(group_size__gte=1), name="enquiry_has_guests"),
            models.CheckConstraint(
                condition=~Q(status=EnquiryStatus.LOST) | ~Q(lost_reason=""),
                name="enquiry_lost_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guest_name}, {self.created_at:%d %b %Y}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.guest_email = normalise_email(self.guest_email)
        super().save(*args, **kwargs)

    def is_held_back(self) -> bool:
        """Whether staff may still release it to its owner: spam has been decided upon."""
        return bool(self.quarantine_reason) and self.status != EnquiryStatus.SPAM
