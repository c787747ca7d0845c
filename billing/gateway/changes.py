"""Changes of a running subscription: shown beforehand, carried out, planned, taken back.

Amounts depend on the second they are worked out for. So a preview and the change that follows it
name the same `proration_date`: what was shown is what is charged.
"""

import uuid
from typing import Any

import stripe

from billing import stripe_shapes as shapes
from billing.gateway.collecting import fetch_invoice_with_payments
from billing.gateway.line import StripeUnavailable, once, plain, stripe_api

Json = dict[str, Any]

OUTCOME_UNKNOWN = (
    "Our payment provider has not confirmed the change. It may have gone through or not: your "
    "dashboard says which as soon as we know. Nothing is charged twice."
)
SURELY_NOT_DONE = (
    stripe.InvalidRequestError,
    stripe.AuthenticationError,
    stripe.PermissionError,
    stripe.RateLimitError,
)
DECLINED = "Your bank did not pay. Nothing was charged, and your plan is as it was."
MUST_CONFIRM = (
    "Your bank wants you to confirm this payment, which cannot be done while another change is "
    "planned: drop the planned change first, and choose this one again. Nothing was charged, and "
    "your plan is as it was."
)
NOT_CONFIRMED = "This payment was not confirmed. Nothing was charged, and your plan is as it was."
NOT_VOIDED = (
    "Your bank did not pay, and your plan is as it was. The page to pay on may stay open for a "
    "day: your plan changes only if you pay there."
)
NO_CARD = "There is no card that could be charged. Your plan is as it was."

ONLY_DROPPED = (
    "The change that you had chosen is dropped, but our payment provider has not confirmed that "
    "the membership is cancelled. Nothing was charged: please try again."
)


DECLINED_INTENTS = {"requires_payment_method", "canceled"}


class PaymentRefused(Exception):
    """The change was not paid for, so Stripe left everything as it was. For the owner to read."""


class OutcomeUnknown(StripeUnavailable):
    """Stripe got the change, perhaps, and did not say what became of it."""


def preview_change(
    subscription_id: str, item_id: str, price_id: str, *, proration_date: int
) -> Json:
    """Return the invoice that the change would bring at once.

    Raises StripeUnavailable.
    """
    details = {
        "items": [{"id": item_id, "price": price_id}],
        "proration_behavior": "always_invoice",
        "proration_date": proration_date,
    }
    wish = {"subscription": subscription_id, "subscription_details": details}
    with stripe_api() as api:
        return plain(api.invoices.create_preview(wish))


def change_now(
    subscription: Json, item_id: str, price_id: str, *, proration_date: int, purchase: str
) -> Json:
    """Move the subscription to another price and charge the difference; return it, with its
    newest invoice. The same `purchase` is charged once, however often it is asked for.

    Where the bank wants a confirmation, all is as it was but for a `pending_update` and an open
    invoice; paying that makes the change.

    Raises PaymentRefused, StripeUnavailable where nothing was done, OutcomeUnknown.
    """
    wish = {
        "items": [{"id": item_id, "price": price_id}],
        "proration_behavior": "always_invoice",
        "proration_date": proration_date,
        "payment_behavior": "pending_if_incomplete",
        "expand": ["latest_invoice"],
    }
    if schedule_id(subscription):  # which a change that waits might find in its way
        wish["payment_behavior"] = "error_if_incomplete"
    try:
        with stripe_api() as api:
            changed = _pay(api.subscriptions, subscription["id"], wish, purchase)
    except StripeUnavailable as error:
        if isinstance(error.__cause__, SURELY_NOT_DONE):
            raise
        raise OutcomeUnknown(OUTCOME_UNKNOWN) from error
    return _what_became_of(changed) if changed.get("pending_update") else changed


def _pay(subscriptions: Any, subscription_id: str, wish: Json, purchase: str) -> Json:
    key = once(f"change-{purchase}", wish)
    try:
        return plain(subscriptions.update(subscription_id, wish, key))
    except stripe.CardError as error:
        asks = "requires_action" in (error.code or "") or error.code == "authentication_required"
        raise PaymentRefused(MUST_CONFIRM if asks else DECLINED) from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing" and "payment" in str(error):
            raise PaymentRefused(NO_CARD) from error
        raise


def _what_became_of(changed: Json) -> Json:
    """Look at the invoice as it is now: a purchase asked for again gets the first answer again.

    Raises PaymentRefused, OutcomeUnknown.
    """
    name = shapes.id_of(changed["latest_invoice"])
    try:
        invoice = fetch_invoice_with_payments(name) or {}
    except StripeUnavailable as error:
        raise OutcomeUnknown(OUTCOME_UNKNOWN) from error
    if invoice.get("status") == "paid":
        return changed | {"pending_update": None, "latest_invoice": invoice}
    if invoice.get("status") != "open":
        raise PaymentRefused(NOT_CONFIRMED)
    if _is_declined(invoice):
        try:
            _void(name)  # or the change would come yet, if the card were paid with by and by
        except StripeUnavailable as error:
            raise OutcomeUnknown(NOT_VOIDED) from error
        raise PaymentRefused(DECLINED)
    return changed | {"latest_invoice": invoice}


def _is_declined(invoice: Json) -> bool:
    payments = (invoice.get("payments") or {}).get("data") or []
    intents = [(payment.get("payment") or {}).get("payment_intent") for payment in payments]
    said = [intent["status"] for intent in intents if isinstance(intent, dict)]
    return bool(said) and all(status in DECLINED_INTENTS for status in said)


def take_back(subscription: Json) -> bool:
    """Take back a change that waits for its payment; return False if it has been paid by now.

    Raises StripeUnavailable.
    """
    if not subscription.get("pending_update"):
        return True
    return _void(shapes.id_of(subscription["latest_invoice"]))


def _void(invoice_id: str) -> bool:
    """Void an open invoice; return False if it has been paid by now."""
    with stripe_api() as api:
        try:
            api.invoices.void_invoice(invoice_id)
        except stripe.InvalidRequestError:
            status = api.invoices.retrieve(invoice_id).status
            if status not in {"void", "paid"}:
                raise
            return status == "void"
    return True


def plan_change(subscription: Json, price_id: str, *, vat_rate: str, interval: str) -> None:
    """Let the subscription go on at another price from its next renewal.

    A plan made before is replaced. Raises StripeUnavailable.
    """
    with stripe_api() as api:
        schedule = _schedule_of(api, subscription)
        current = schedule["current_phase"]
        items = [
            {"price": item["price"]["id"], "quantity": item.get("quantity") or 1}
            for item in subscription["items"]["data"]
        ]
        rates = [rate["id"] for rate in subscription.get("default_tax_rates") or []]
        now = {"items": items, "default_tax_rates": rates, "proration_behavior": "none"}
        then = {
            "items": [{"price": price_id, "quantity": 1}],
            "default_tax_rates": [vat_rate],
            "duration": {"interval": interval, "interval_count": 1},
            "proration_behavior": "none",
        }
        phases = [{name: current[name] for name in ("start_date", "end_date")} | now, then]
        wish = {"end_behavior": "release", "phases": phases}
        api.subscription_schedules.update(schedule["id"], wish, _each_time())


def _schedule_of(api: Any, subscription: Json) -> Json:
    name = schedule_id(subscription)
    if name:
        return plain(api.subscription_schedules.retrieve(name))
    wish = {"from_subscription": subscription["id"]}
    try:
        return plain(api.subscription_schedules.create(wish, _each_time()))
    except stripe.InvalidRequestError:
        now = plain(api.subscriptions.retrieve(subscription["id"]))
        if not schedule_id(now):
            raise
        return plain(api.subscription_schedules.retrieve(schedule_id(now)))  # a second press


def drop_plan(subscription: Json) -> None:
    """Take a planned change back, if there is one. Raises StripeUnavailable."""
    name = schedule_id(subscription)
    if not name:
        return
    with stripe_api() as api:
        try:
            api.subscription_schedules.release(name, {}, _each_time())
        except stripe.InvalidRequestError:
            if api.subscription_schedules.retrieve(name).status == "active":
                raise  # else a second press


def end_at(subscription: Json, moment: int | None) -> None:
    """Let the subscription end with its period, or at a later moment; a change that is planned, or
    waits for its payment, is dropped.

    Raises StripeUnavailable.
    """
    take_back(subscription)
    drop_plan(subscription)  # Stripe lets a schedule alone say when a subscription ends
    wish: Json = {"cancel_at_period_end": True}
    if moment:
        wish = {"cancel_at": moment, "proration_behavior": "none"}
    try:
        with stripe_api() as api:
            api.subscriptions.update(subscription["id"], wish, _each_time())
    except StripeUnavailable as error:
        if not (schedule_id(subscription) or subscription.get("pending_update")):
            raise
        raise StripeUnavailable(ONLY_DROPPED) from error


def keep(subscription: Json) -> None:
    """Take back that it is to end, however that was said. Raises StripeUnavailable."""
    flagged = subscription.get("cancel_at_period_end")
    wish = {"cancel_at_period_end": False} if flagged else {"cancel_at": ""}
    with stripe_api() as api:
        api.subscriptions.update(subscription["id"], wish, _each_time())


def schedule_id(subscription: Json) -> str:
    schedule = subscription.get("schedule") or ""
    return schedule["id"] if isinstance(schedule, dict) else schedule


def _each_time() -> stripe.RequestOptions:
    """Options for what may be done again after it was undone: only one call's own second try is
    answered like its first."""
    return {"idempotency_key": str(uuid.uuid4())}
