"""Looks at Stripe for what an event does not say: why a try failed, and what the next one charges.

No transaction is open while Stripe is asked. All functions raise StripeUnavailable.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.london import moment_of_timestamp
from billing import gateway
from billing.dunning.causes import NO_CARD, reason_for
from billing.models import Episode, Membership, PaymentMethod

COUNTED_FOR = timedelta(days=30)  # the card schemes allow so many tries in so many days
PARTS = ("stripe_id", "kind", "brand", "last4", "exp_month", "exp_year")


@dataclass(frozen=True)
class LastTry:
    """Of an invoice's newest payment: the bank's code, what was charged, and all payments' ids."""

    code: str
    method_id: str
    is_processing: bool
    intents: list[str]


def look_at_episode(episode: Episode, *, now: datetime) -> PaymentMethod:
    """Bring the cause and the payment method up to date."""
    invoice = gateway.fetch_invoice_with_payments(episode.stripe_invoice_id) or {}
    method = look_at_method(episode.membership, now=now)
    last = read_last_try(invoice)
    tries = gateway.fetch_tries(last.intents, since=now - COUNTED_FOR)
    has_none = not method.stripe_id and not last.method_id
    code = NO_CARD if has_none else last.code
    changed = {
        "decline_code": code,
        "cause": reason_for(code).cause,
        "tried_method_id": last.method_id,
        "last_failed_at": _newest_failure(tries) or episode.first_failed_at,
        "recent_tries": len(tries),
        "is_processing": last.is_processing,
    }
    for name, value in changed.items():
        setattr(episode, name, value)
    episode.save(update_fields=list(changed))
    return method


def look_at_method(membership: Membership, *, now: datetime) -> PaymentMethod:
    """Remember what the next charge will be made to, and when that changed."""
    found = gateway.fetch_payment_method(membership.stripe_subscription_id) or {}
    seen = _parts(found)
    known = PaymentMethod.objects.filter(membership=membership).first()
    # The card's network may renew a card under its old id: then its dates or digits differ.
    if known and any(getattr(known, name) != seen[name] for name in PARTS):
        changed_at = now
    else:
        changed_at = known.changed_at if known else _created(found)
    # Two workers may look at once, the hourly round and the task of a fresh failure.
    method, _ = PaymentMethod.objects.update_or_create(
        membership=membership, defaults={**seen, "changed_at": changed_at, "seen_at": now}
    )
    return method


def read_last_try(invoice: dict[str, Any]) -> LastTry:
    payments = ((invoice.get("payments") or {}).get("data")) or []
    intents = [
        intent
        for payment in payments
        if isinstance(intent := (payment.get("payment") or {}).get("payment_intent"), dict)
    ]
    newest = max(intents, key=lambda intent: intent["created"], default={})
    error = newest.get("last_payment_error") or {}
    waits = newest.get("status") == "requires_action"
    tried = error.get("payment_method") or newest.get("payment_method") or {}
    return LastTry(
        code="requires_action" if waits else error.get("decline_code") or error.get("code") or "",
        method_id=tried if isinstance(tried, str) else tried.get("id", ""),
        is_processing=newest.get("status") == "processing",
        intents=[intent["id"] for intent in intents],
    )


def _newest_failure(tries: list[dict[str, Any]]) -> datetime | None:
    failed = [charge["created"] for charge in tries if charge["status"] == "failed"]
    return moment_of_timestamp(failed[0]) if failed else None


def _parts(method: dict[str, Any]) -> dict[str, Any]:
    card = method.get("card") or {}
    bank = method.get(method.get("type") or "") or {}
    return {
        "stripe_id": method.get("id") or "",
        "kind": method.get("type") or "",
        "brand": card.get("brand") or "",
        "last4": card.get("last4") or bank.get("last4") or "",
        "exp_month": card.get("exp_month"),
        "exp_year": card.get("exp_year"),
    }


def _created(method: dict[str, Any]) -> datetime | None:
    return moment_of_timestamp(method["created"]) if method.get("created") else None
