import uuid

from django.db import models

from crm.models.contact import Contact
from crm.models.records import EnquiryRecord, PropertyRecord


class Interaction(models.Model):
    """Something that was said or done with a contact."""

    class Type(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone call"
        MESSAGE = "message", "Message"
        NOTE = "note", "Note"
        STATUS_CHANGE = "status_change", "Status change"

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"
        INTERNAL = "internal", "Internal"

    class Initiator(models.TextChoices):
        CONTACT = "contact", "Contact"
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Staff"
        SYSTEM = "system", "System"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="interactions")
    related_property = models.ForeignKey(
        PropertyRecord,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="interactions",
    )
    related_enquiry = models.ForeignKey(
        EnquiryRecord, on_delete=models.SET_NULL, null=True, blank=True, related_name="interactions"
    )
    type = models.CharField(max_length=15, choices=Type, default=Type.NOTE)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.INTERNAL)
    initiated_by = models.CharField(max_length=10, choices=Initiator, default=Initiator.ADMIN)
    subject = models.CharField(max_length=200, blank=True)
    content = models.TextField(blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "crm_interactions"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["contact", "-created_at"], name="interaction_of_contact")]

    def __str__(self) -> str:
        return self.subject or self.get_type_display()
