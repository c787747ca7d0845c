"""Charges: what disputes and refunds name in place of a customer."""

from typing import Any

from billing.gateway.line import found, stripe_api


def fetch_charge(charge_id: str) -> dict[str, Any] | None:
    """Return the charge, or None if Stripe has no such."""
    with stripe_api() as api:
        return found(api.charges.retrieve, charge_id)
