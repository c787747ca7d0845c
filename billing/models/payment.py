from typing import Any, NoReturn

from django.db import models
from django.db.models import F, Q

from accounts.models import Owner
from billing.models.membership import Membership


class PaymentKind(models.TextChoices):
    INVOICE = "invoice", "Invoice paid"
    REFUND = "refund", "Refund"
    CREDIT_NOTE = "credit_note", "Credit note"
    DISPUTE = "dispute", "Dispute"


class LedgerIsAppendOnly(Exception):
    """A payment was about to be changed or deleted. Correct it by a new row instead."""


class PaymentQuerySet(models.QuerySet["Payment"]):
    def update(self, **changes: Any) -> NoReturn:
        raise LedgerIsAppendOnly("Payments are never changed.")

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly("Payments are never deleted.")


class Payment(models.Model):
    """One Stripe object that moved money. Pence; refunds and disputes are negative."""

    kind = models.CharField(max_length=12, choices=PaymentKind)
    stripe_object_id = models.CharField(max_length=255, unique=True)
    stripe_invoice_id = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_customer_id = models.CharField(max_length=255)
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="payments"
    )
    # The ledger outlives its people: erasing an owner empties this and keeps the row.
    owner = models.ForeignKey(
        Owner, on_delete=models.SET_NULL, null=True, blank=True, related_name="payments"
    )
    description = models.CharField(max_length=200)
    invoice_number = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    net_pence = models.IntegerField()
    vat_pence = models.IntegerField()
    gross_pence = models.IntegerField()
    paid_at = models.DateTimeField(db_index=True)
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-paid_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_pence=F("net_pence") + F("vat_pence")),
                name="payment_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.invoice_number or self.stripe_object_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsAppendOnly("Payments are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly("Payments are never deleted.")
