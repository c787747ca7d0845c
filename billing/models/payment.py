from collections.abc import Iterable
from typing import Any, NoReturn

from django.db import models
from django.db.models import Count, F, Q, Sum

from accounts.models import Owner
from billing.models.membership import Membership


class PaymentKind(models.TextChoices):
    INVOICE = "invoice", "Invoice paid"
    REFUND = "refund", "Refund"
    CREDIT_NOTE = "credit_note", "Credit note"
    DISPUTE = "dispute", "Dispute"


CAME_BACK = {PaymentKind.REFUND: "Refund that failed", PaymentKind.DISPUTE: "Dispute won"}


class LedgerIsAppendOnly(Exception):
    """A payment was about to be changed or deleted. Correct it by a new row instead."""


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Adds and reads. PostgreSQL refuses the rest by itself: see migration 0006."""

    def update(self, **changes: Any) -> NoReturn:
        raise LedgerIsAppendOnly("Payments are never changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly("Payments are never changed.")

    def bulk_create(self, objs: Iterable["Payment"], *args: Any, **kwargs: Any) -> list["Payment"]:
        if kwargs.get("update_conflicts"):
            raise LedgerIsAppendOnly("Payments are never changed.")
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly("Payments are never deleted.")

    def totals(self) -> dict[str, int | None]:
        """Return the sums in pence, None of nothing, the number of rows and of unknown fees."""
        columns = ("net_pence", "vat_pence", "gross_pence", "fee_pence")
        sums = {name: Sum(name) for name in columns}
        without_fee = Count("pk", filter=Q(fee_pence=None))
        return self.order_by().aggregate(rows=Count("pk"), without_fee=without_fee, **sums)

    def _learn(self, fee_pence: int) -> int:
        return super().update(fee_pence=fee_pence)


class Payment(models.Model):
    """A movement of money, by one step of one Stripe object. Pence, negative when it left us.

    Two things may still happen to a row: its owner is erased, and an unknown fee becomes known.
    """

    kind = models.CharField(max_length=12, choices=PaymentKind)
    stripe_object_id = models.CharField(max_length=255)
    # A dispute takes money (1) and may give it back (2); a refund may fail.
    step = models.PositiveSmallIntegerField(default=1)
    stripe_invoice_id = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_customer_id = models.CharField(max_length=255)
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="payments"
    )
    # The ledger outlives its people: erasing an owner empties this and keeps the row.
    owner = models.ForeignKey(
        Owner, on_delete=models.SET_NULL, null=True, blank=True, related_name="payments"
    )
    owner_name = models.CharField(max_length=320, blank=True)  # as it was, for the accountant
    description = models.CharField(max_length=200)
    invoice_number = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    net_pence = models.IntegerField()
    vat_pence = models.IntegerField()
    gross_pence = models.IntegerField()
    fee_pence = models.IntegerField("Stripe's fee (pence)", null=True, blank=True)  # None: unknown
    paid_at = models.DateTimeField(db_index=True)
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-paid_at", "-pk"]
        indexes = [
            models.Index(
                fields=["period_end"], condition=~Q(period_end=None), name="payment_period_end"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_pence=F("net_pence") + F("vat_pence")),
                name="payment_adds_up",
            ),
            models.UniqueConstraint(
                fields=["stripe_object_id", "step"], name="payment_once_per_step"
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

    @property
    def key(self) -> tuple[str, int]:
        return self.stripe_object_id, self.step

    @property
    def what(self) -> str:
        """The kind in words, which says when a step gave back what the one before had taken."""
        came_back = self.step > 1 and self.gross_pence > 0
        shown = self.get_kind_display()
        return CAME_BACK.get(self.kind, shown) if came_back else shown

    def learn_fee(self, fee_pence: int) -> None:
        """Fill in Stripe's fee, which was not known when the row was written."""
        unknown = Payment.objects.filter(pk=self.pk, fee_pence=None)
        unknown._learn(fee_pence)
        self.refresh_from_db(fields=["fee_pence"])
