"""Deliveries as Stripe makes them, and as others do."""

import hashlib
import hmac
import json
import time

from django.urls import reverse

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "product.created",
    "created": 1_780_000_000,
    "livemode": False,
    "api_version": "2026-08-26.dahlia",
    "request": {"id": None, "idempotency_key": None},
    # A kind that dj-stripe has no model for: stored, and no call back to Stripe.
    "data": {"object": {"id": "x_1", "object": "unheard_of"}},
}


def make_event(**fields):
    return {**EVENT, "type": "tax.settings.updated", **fields}


def sign(body: bytes, secret: str = "whsec_tests", moment: int | None = None) -> str:
    moment = int(time.time()) if moment is None else moment
    signed = f"{moment}.".encode() + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def deliver(client, event, **given):
    """Post an event (or raw bytes) as Stripe does; `given` replaces headers of the request."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = {"HTTP_STRIPE_SIGNATURE": sign(body), **given}
    return client.generic(
        "POST", reverse("stripe_webhook"), body, content_type="application/json", **headers
    )
