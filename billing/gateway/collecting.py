"""What stands behind a failing payment, and the one way in which we charge: once, when told to."""

from datetime import datetime
from typing import Any

import stripe

from billing.gateway.line import PAGE_SIZE, found, plain, stripe_api

PAID, PROCESSING = "paid", "processing"
METHODS = [
    "default_payment_method",
    "default_source",
    "customer.invoice_settings.default_payment_method",
    "customer.default_source",
]


def fetch_invoice_with_payments(invoice_id: str) -> dict[str, Any] | None:
    """Return the invoice as it is now, with what was tried, or None if Stripe has no such."""
    params = {"expand": ["payments.data.payment.payment_intent"]}
    with stripe_api() as api:
        return found(api.invoices.retrieve, invoice_id, params)


def fetch_payment_method(subscription_id: str) -> dict[str, Any] | None:
    """Return what the next charge will be made to: the first that is set, in Stripe's own order.

    Changing a later one while an earlier one is set changes nothing.
    """
    with stripe_api() as api:
        subscription = found(api.subscriptions.retrieve, subscription_id, {"expand": METHODS})
    customer = (subscription or {}).get("customer")
    customer = customer if isinstance(customer, dict) else {}
    places = [
        (subscription or {}).get("default_payment_method"),
        (subscription or {}).get("default_source"),
        (customer.get("invoice_settings") or {}).get("default_payment_method"),
        customer.get("default_source"),
    ]
    method = next((place for place in places if isinstance(place, dict)), None)
    # A card that was taken off the customer cannot be charged.
    return method if method and method.get("customer") else None


def fetch_tries(intent_ids: list[str], *, since: datetime) -> list[dict[str, Any]]:
    """Return the charges that were tried for these payments since then, newest first."""
    with stripe_api() as api:
        charges = [
            plain(charge)
            for intent in intent_ids
            for charge in api.charges.list(
                {"payment_intent": intent, "limit": PAGE_SIZE}
            ).auto_paging_iter()
        ]
    tries = [charge for charge in charges if charge["created"] >= since.timestamp()]
    return sorted(tries, key=lambda charge: charge["created"], reverse=True)


def pay_invoice(invoice_id: str, method_id: str, *, key: str) -> str:
    """Charge an open invoice to a method; return PAID, PROCESSING, or the code of the refusal.

    Two calls with one key are one charge. Raises StripeUnavailable.
    """
    params = {"payment_method": method_id, "off_session": True}
    with stripe_api() as api:
        try:
            invoice = plain(api.invoices.pay(invoice_id, params, {"idempotency_key": key}))
        except stripe.CardError as error:
            return _code(error)
    return PAID if invoice["status"] == "paid" else PROCESSING


def _code(error: stripe.CardError) -> str:
    if "requires_action" in (error.code or ""):
        return "authentication_required"
    said = (error.json_body or {}).get("error", {})
    return said.get("decline_code") or error.code or "generic_decline"


def preview_renewal(subscription_id: str) -> int:
    """Return the pence, VAT and discounts included, that the next renewal will charge."""
    with stripe_api() as api:
        return api.invoices.create_preview({"subscription": subscription_id}).amount_due
