from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Trim

from crm.models.base import Record, source_link


class Contact(Record):
    """A person the business knows: an owner, a guest, or both. One row per normalised e-mail."""

    user = source_link(settings.AUTH_USER_MODEL)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    email = models.EmailField("e-mail", unique=True)
    phone = models.CharField(max_length=30, blank=True)
    company_name = models.CharField("company", max_length=120, blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField("county", max_length=80, blank=True)
    zip_code = models.CharField("postcode", max_length=12, blank=True)
    country = models.CharField(max_length=60, blank=True)
    is_owner = models.BooleanField("owner", default=False)
    is_guest = models.BooleanField("guest", default=False)
    signup_date = models.DateTimeField("signed up", null=True, blank=True)
    last_activity_date = models.DateTimeField("last activity", null=True, blank=True)

    # Owned by the CRM.
    metadata = models.JSONField(default=dict, blank=True)
    do_not_contact = models.BooleanField(default=False)

    class Meta:
        db_table = "crm_contacts"
        ordering = ["last_name", "first_name", "email"]
        indexes = [
            models.Index(fields=["-last_activity_date"], name="contact_last_activity"),
            models.Index(fields=["last_name", "first_name"], name="contact_name"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower(Trim("email"))), name="contact_email_is_normalised"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
