"""Every outbound call to Stripe. Plain dicts come back; nothing here decides about memberships."""

from billing.gateway.catalogue import ensure_price, ensure_vat_rate, find_price
from billing.gateway.changes import (
    OutcomeUnknown,
    PaymentRefused,
    change_now,
    drop_plan,
    end_at,
    keep,
    plan_change,
    preview_change,
    take_back,
)
from billing.gateway.checkout import HousePaid, close_pages, start_checkout
from billing.gateway.collecting import (
    fetch_invoice_with_payments,
    fetch_payment_method,
    fetch_tries,
    pay_invoice,
    preview_renewal,
)
from billing.gateway.customers import details_of, ensure_customer, tell_details
from billing.gateway.fetch import fetch_invoices, fetch_money, fetch_subscription
from billing.gateway.line import StripeUnavailable
from billing.gateway.listing import list_all, list_prices
from billing.gateway.portal import open_portal

__all__ = [
    "HousePaid",
    "OutcomeUnknown",
    "PaymentRefused",
    "StripeUnavailable",
    "change_now",
    "close_pages",
    "details_of",
    "drop_plan",
    "end_at",
    "ensure_customer",
    "ensure_price",
    "ensure_vat_rate",
    "fetch_invoice_with_payments",
    "fetch_invoices",
    "fetch_money",
    "fetch_payment_method",
    "fetch_subscription",
    "fetch_tries",
    "find_price",
    "keep",
    "list_all",
    "list_prices",
    "open_portal",
    "pay_invoice",
    "plan_change",
    "preview_change",
    "preview_renewal",
    "start_checkout",
    "take_back",
    "tell_details",
]
