"""What Stripe holds now about one subscription."""

from collections.abc import Iterator
from typing import Any

from stripe._v1_services import V1Services

from billing import stripe_shapes as shapes
from billing.entries import Money
from billing.gateway.line import PAGE_SIZE, found, plain, stripe_api

REFUND_MONEY = ["data.balance_transaction", "data.failure_balance_transaction"]

# The schedule says what it becomes at its next renewal, and a coupon what it takes off.
SUBSCRIPTION_PARTS = [
    "items.data.price.product",
    "customer",
    "schedule.phases.items.price",
    "discounts.source.coupon",
]


def fetch_subscription(subscription_id: str) -> dict[str, Any] | None:
    """Return the subscription as it is now, products included, or None if Stripe has no such."""
    params = {"expand": SUBSCRIPTION_PARTS}
    with stripe_api() as api:
        return found(api.subscriptions.retrieve, subscription_id, params)


def fetch_invoices(subscription_id: str) -> list[dict[str, Any]]:
    """Return all invoices of a subscription with what paid them, newest first."""
    wish = {"subscription": subscription_id, "limit": PAGE_SIZE, "expand": ["data.payments"]}
    with stripe_api() as api:
        return [plain(invoice) for invoice in api.invoices.list(wish).auto_paging_iter()]


def fetch_money(invoices: list[dict[str, Any]]) -> Money:
    """Return the charges behind a subscription's invoices, and what was given back of them.

    One call where nothing was given back, and one more for each charge of which something was.
    """
    paid = [invoice for invoice in invoices if shapes.is_paid(invoice)]
    with stripe_api() as api:
        charges = [*_charges_of(api, paid)]
        return Money(
            charges=charges,
            refunds=[each for charge in charges for each in _refunds_of(api, charge)],
            credit_notes=[*_credit_notes_of(api, paid)],
            disputes=[each for charge in charges for each in _disputes_of(api, charge)],
        )


def _charges_of(api: V1Services, invoices: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    by_card = [invoice for invoice in invoices if shapes.payers_of(invoice)]
    expand = ["data.balance_transaction", "data.refunds"]
    for customer in sorted({shapes.id_of(invoice.get("customer")) for invoice in by_card} - {""}):
        wish = {"customer": customer, "limit": PAGE_SIZE, "expand": expand}
        for charge in map(plain, api.charges.list(wish).auto_paging_iter()):
            if any(shapes.pays(charge, invoice) for invoice in by_card):
                yield charge


def _refunds_of(api: V1Services, charge: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # A refund that failed is no longer counted in the amount.
    if charge.get("amount_refunded") or (charge.get("refunds") or {}).get("data"):
        wish = {"charge": charge["id"], "limit": PAGE_SIZE, "expand": REFUND_MONEY}
        yield from map(plain, api.refunds.list(wish).auto_paging_iter())


def _disputes_of(api: V1Services, charge: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if charge.get("disputed"):
        wish = {"charge": charge["id"], "limit": PAGE_SIZE}
        yield from map(plain, api.disputes.list(wish).auto_paging_iter())


def _credit_notes_of(api: V1Services, invoices: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for invoice in invoices:
        if shapes.credited(invoice):
            wish = {"invoice": invoice["id"], "limit": PAGE_SIZE}
            yield from map(plain, api.credit_notes.list(wish).auto_paging_iter())
