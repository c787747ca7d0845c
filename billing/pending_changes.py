"""What waits for its payment to be confirmed, as Stripe's pending update says."""

from typing import Any

from accounts.london import moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import Membership, PendingChange
from billing.price_list import tier_and_cycle
from billing.scheduled_changes import keep_row
from billing.state import unreadable_if_garbled

Invoices = list[dict[str, Any]]


def follow_pending(
    membership: Membership, subscription: dict[str, Any], invoices: Invoices
) -> None:
    """Keep the row as the pending update is now.

    Raises UnreadableSubscription.
    """
    columns = pending_columns(membership, subscription, invoices)
    keep_row(PendingChange, membership, columns)


@unreadable_if_garbled()
def pending_columns(
    membership: Membership, subscription: dict[str, Any], invoices: Invoices
) -> dict[str, Any] | None:
    """Return what the row must say, or None where there must be none.

    Raises UnreadableSubscription.
    """
    invoice = shapes.awaited_invoice(subscription, invoices)
    items = (subscription.get("pending_update") or {}).get("subscription_items")
    if invoice is None or not items or not membership.is_current:
        return None
    tier, cycle = tier_and_cycle({"items": {"data": items}})
    return {
        "tier_id": tier.pk,
        "billing_cycle": cycle,
        "amount_pence": invoice["amount_due"],
        "pay_url": invoice.get("hosted_invoice_url") or "",
        "expires_at": moment_of_timestamp(subscription["pending_update"]["expires_at"]),
    }
