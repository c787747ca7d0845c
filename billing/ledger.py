"""The ledger of what owners paid: one row for each Stripe invoice, written once."""

from typing import Any

from accounts.london import day_of_timestamp, moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import Membership, Payment, PaymentKind


def record_payments(membership: Membership, invoices: list[dict[str, Any]]) -> list[Payment]:
    """Write the rows that are missing, oldest first, and return them.

    An invoice over nothing (a full discount) moved no money and gets no row.
    """
    due = [invoice for invoice in invoices if shapes.is_paid(invoice) and invoice["total"] != 0]
    ids = [invoice["id"] for invoice in due]
    known = set(
        Payment.objects.filter(stripe_object_id__in=ids).values_list("stripe_object_id", flat=True)
    )
    return [
        _record(membership, invoice)
        for invoice in sorted(due, key=shapes.paid_at)
        if invoice["id"] not in known
    ]


def _record(membership: Membership, invoice: dict[str, Any]) -> Payment:
    start, end = shapes.served_period(invoice)
    return Payment.objects.create(
        kind=PaymentKind.INVOICE,
        stripe_object_id=invoice["id"],
        stripe_invoice_id=invoice["id"],
        stripe_customer_id=membership.stripe_customer_id,
        membership=membership,
        owner=membership.owner,
        description=str(membership),
        invoice_number=invoice.get("number") or "",
        currency=invoice["currency"],
        net_pence=shapes.net_of(invoice),
        vat_pence=shapes.vat_of(invoice),
        gross_pence=invoice["total"],
        paid_at=moment_of_timestamp(shapes.paid_at(invoice)),
        period_start=day_of_timestamp(start),
        period_end=day_of_timestamp(end),
    )
