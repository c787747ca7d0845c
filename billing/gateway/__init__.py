"""Every outbound call to Stripe. Plain dicts come back; nothing here decides about memberships."""

from billing.gateway.catalogue import ensure_price, ensure_vat_rate, find_price
from billing.gateway.checkout import start_checkout
from billing.gateway.customers import ensure_customer
from billing.gateway.fetch import fetch_invoices, fetch_subscription
from billing.gateway.line import StripeUnavailable
from billing.gateway.portal import open_portal

__all__ = [
    "StripeUnavailable",
    "ensure_customer",
    "ensure_price",
    "ensure_vat_rate",
    "fetch_invoices",
    "fetch_subscription",
    "find_price",
    "open_portal",
    "start_checkout",
]
