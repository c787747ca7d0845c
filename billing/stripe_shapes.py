"""Reads Stripe's objects in the shapes of both API generations.

The version 2025-03-31 moved the periods from the subscription to its items, and the invoice's
subscription under `parent`. A stored event or an older endpoint still has the old places. Objects
are plain dicts, times Unix seconds, money whole pence.
See https://docs.stripe.com/changelog/basil#2025-03-31.basil
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any


def id_of(reference: str | dict[str, Any] | None) -> str:
    """Return the id of something that is either an id or the expanded object; "" for nothing."""
    if isinstance(reference, dict):
        return reference.get("id") or ""
    return reference or ""


# --- Subscriptions ------------------------------------------------------------------------------


def items_of(subscription: dict[str, Any]) -> list[dict[str, Any]]:
    return subscription["items"]["data"]


def current_period(subscription: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return start and end of the period that runs out first."""
    holders = [item for item in items_of(subscription) if item.get("current_period_end")]
    holder = min(holders or [subscription], key=lambda each: each.get("current_period_end") or 0)
    return holder.get("current_period_start"), holder.get("current_period_end")


def scheduled_end(subscription: dict[str, Any]) -> int | None:
    """Return when it will end, or None if it renews.

    The customer portal sets only `cancel_at`; the API's older way sets only the flag.
    """
    if subscription.get("cancel_at"):
        return subscription["cancel_at"]
    return current_period(subscription)[1] if subscription.get("cancel_at_period_end") else None


def end_reason(subscription: dict[str, Any]) -> str:
    return (subscription.get("cancellation_details") or {}).get("reason") or ""


def price_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the price; of one that is not expanded, all that is known is the id."""
    price = item.get("price") or item.get("plan") or {}
    return {"id": price} if isinstance(price, str) else price


def net_and_vat(amount: int, rates: list[dict[str, Any]]) -> tuple[int, int]:
    """Split or extend a price by its tax rates, rounded half up as Stripe rounds tax."""
    within = sum(_percent(rate) for rate in rates if rate["inclusive"])
    on_top = sum(_percent(rate) for rate in rates if not rate["inclusive"])
    net = round_half_up(amount * 100 / (100 + Decimal(within)))
    return net, amount - net + round_half_up(net * Decimal(on_top) / 100)


def tax_rates_of(subscription: dict[str, Any], item: dict[str, Any]) -> list[dict[str, Any]]:
    return item.get("tax_rates") or subscription.get("default_tax_rates") or []


def _percent(rate: dict[str, Any]) -> Decimal:
    return Decimal(str(rate["percentage"]))


def round_half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


# --- Invoices -----------------------------------------------------------------------------------


def invoice_subscription_id(invoice: dict[str, Any]) -> str:
    """Return the subscription an invoice is for; "" for a one-off invoice."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return id_of(details.get("subscription") or invoice.get("subscription"))


def is_paid(invoice: dict[str, Any]) -> bool:
    return invoice.get("status") == "paid"


def paid_at(invoice: dict[str, Any]) -> int:
    return (invoice.get("status_transitions") or {}).get("paid_at") or invoice["created"]


def net_of(invoice: dict[str, Any]) -> int:
    net = invoice.get("total_excluding_tax")
    return invoice["total"] - (invoice.get("tax") or 0) if net is None else net


def vat_of(invoice: dict[str, Any]) -> int:
    return invoice["total"] - net_of(invoice)


def served_period(invoice: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return the period an invoice's subscription lines pay for, prorations left out.

    The invoice's own `period_start` and `period_end` are about the time before it.
    """
    periods = [
        line["period"]
        for line in (invoice.get("lines") or {}).get("data", [])
        if _is_subscription_line(line) and line.get("period")
    ]
    if not periods:
        return None, None
    return min(period["start"] for period in periods), max(period["end"] for period in periods)


def _is_subscription_line(line: dict[str, Any]) -> bool:
    parent = line.get("parent") or {}
    details = parent.get("subscription_item_details") or line
    kind = parent.get("type") or line.get("type")
    return kind in {"subscription_item_details", "subscription"} and not details.get("proration")


def awaited_invoice(
    subscription: dict[str, Any], invoices: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Return the open invoice that an update waits for before it comes into effect.

    Nobody owes it: not paid, it is voided, and the subscription goes on as it was.
    """
    if not subscription.get("pending_update"):
        return None
    name = id_of(subscription.get("latest_invoice"))
    return next((one for one in invoices if one["id"] == name and one["status"] == "open"), None)


def owed_or_settled(
    subscription: dict[str, Any], invoices: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return all invoices but the one that an update waits for."""
    awaited = awaited_invoice(subscription, invoices)
    return [invoice for invoice in invoices if invoice is not awaited]


# --- What was paid for an invoice, and given back -------------------------------------------------


def payers_of(invoice: dict[str, Any]) -> set[str]:
    """Return the ids of the payment intents and charges that an invoice was paid with."""
    payments = (invoice.get("payments") or {}).get("data") or []
    made = [payment.get("payment") or {} for payment in payments]
    newer = [each.get(name) for each in made for name in ("payment_intent", "charge")]
    older = [invoice.get("payment_intent"), invoice.get("charge")]
    return {id_of(reference) for reference in (*newer, *older)} - {""}


def pays(charge: dict[str, Any], invoice: dict[str, Any]) -> bool:
    paid = charge.get("paid") or charge.get("status") == "succeeded"
    return bool(paid) and not payers_of(invoice).isdisjoint(
        {charge["id"], id_of(charge.get("payment_intent"))}
    )


def credited(invoice: dict[str, Any]) -> bool:
    names = ("pre_payment_credit_notes_amount", "post_payment_credit_notes_amount")
    return any(invoice.get(name) for name in names)


def fee_of(transaction: str | dict[str, Any] | None, currency: str) -> int | None:
    """Return what Stripe kept of a movement, or None where it is not known, or in other money."""
    if not isinstance(transaction, dict) or transaction.get("currency") != currency:
        return None
    return transaction.get("fee")
