from django.db import models

from billing.models import Cycle, MembershipStatus
from crm.models.base import Record, source_link
from crm.models.contact import Contact
from listings.choices import EnquiryStatus, ListingStatus


class PropertyRecord(Record):
    """The mirror of a house."""

    property = source_link("listings.Property")
    owner = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="properties"
    )
    title = models.CharField(max_length=120)
    location = models.CharField(max_length=170, blank=True)
    description = models.TextField(blank=True)
    bedrooms = models.PositiveSmallIntegerField()
    bathrooms = models.PositiveSmallIntegerField()
    guests = models.PositiveSmallIntegerField()
    listing_status = models.CharField("status", max_length=20, choices=ListingStatus)
    rejection_reason = models.TextField(blank=True)
    slug = models.CharField(max_length=60)
    main_image = models.CharField(max_length=200, blank=True)
    plan_tier = models.CharField("tier", max_length=20, blank=True)
    price_pence = models.PositiveIntegerField("weekend price (pence)")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "crm_properties"
        verbose_name = "property"
        verbose_name_plural = "properties"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="crm_property_newest"),
            models.Index(fields=["listing_status"], name="crm_property_status"),
        ]

    def __str__(self) -> str:
        return self.title


class EnquiryRecord(Record):
    """The mirror of a guest's enquiry: `owner` is asked, `contact` asks."""

    enquiry = source_link("listings.Enquiry")
    owner = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="enquiries_received"
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="enquiries_made",
        verbose_name="guest",
    )
    property = models.ForeignKey(
        PropertyRecord, on_delete=models.SET_NULL, null=True, blank=True, related_name="enquiries"
    )
    status = models.CharField(max_length=10, choices=EnquiryStatus)
    message = models.TextField(blank=True)
    guest_name = models.CharField(max_length=150)
    guest_email = models.EmailField("guest e-mail")
    guest_phone = models.CharField(max_length=30, blank=True)
    check_in = models.DateField("arrival", null=True, blank=True)
    check_out = models.DateField("departure", null=True, blank=True)
    group_size = models.PositiveSmallIntegerField()
    first_response_at = models.DateTimeField("first response", null=True, blank=True)
    created_at = models.DateTimeField("received")

    class Meta:
        db_table = "crm_enquiries"
        verbose_name = "enquiry"
        verbose_name_plural = "enquiries"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="crm_enquiry_newest"),
            models.Index(fields=["status", "-created_at"], name="crm_enquiry_status"),
        ]

    def __str__(self) -> str:
        return f"{self.guest_name}, {self.created_at:%d %b %Y}"


class MembershipRecord(Record):
    """The mirror of a membership. Prices are pence without VAT; dates are London days."""

    membership = source_link("billing.Membership")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    property = models.ForeignKey(
        PropertyRecord, on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships"
    )
    plan_tier = models.CharField("tier", max_length=20)
    billing_cycle = models.CharField("cycle", max_length=10, choices=Cycle)
    plan_price_pence = models.PositiveIntegerField("price (pence)")
    start_date = models.DateField("started")
    end_date = models.DateField("paid until", null=True, blank=True)
    renewal_date = models.DateField("renews", null=True, blank=True)
    cancelled_date = models.DateField("cancelled", null=True, blank=True)
    status = models.CharField(max_length=20, choices=MembershipStatus)
    stripe_customer_id = models.CharField("Stripe customer", max_length=255)
    stripe_subscription_id = models.CharField("Stripe subscription", max_length=255)
    last_payment_date = models.DateField("last payment", null=True, blank=True)
    last_payment_amount_pence = models.PositiveIntegerField(
        "last payment (pence)", null=True, blank=True
    )
    next_payment_date = models.DateField("next payment", null=True, blank=True)
    auto_renew = models.BooleanField(default=True)
    payment_failure_count = models.PositiveSmallIntegerField("failed payments", default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "crm_memberships"
        verbose_name = "membership"
        verbose_name_plural = "memberships"
        ordering = ["-start_date", "-id"]
        indexes = [
            models.Index(fields=["-start_date", "-id"], name="crm_membership_newest"),
            models.Index(fields=["status", "renewal_date"], name="crm_membership_status"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_tier.title()} {self.get_billing_cycle_display().lower()}"
