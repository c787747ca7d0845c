"""The life of a running subscription: first payment, renewals, failures, recovery."""

from stripe_sandbox.billing import invoices
from stripe_sandbox.billing.payment_methods import card_of
from stripe_sandbox.billing.subscriptions import (
    announce_change,
    change_subscription,
    end_subscription,
    period_end,
)
from stripe_sandbox.errors import CardDeclined, ParameterInvalid, ParameterMissing
from stripe_sandbox.periods import next_period_end
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.timetable import RULES

RENEWING = {"active", "past_due"}


def begin(sandbox: Sandbox, subscription: dict, payment_method: dict) -> dict:
    """Charge the first invoice, with a card known to pay, and announce everything."""
    now = sandbox.now()
    invoice = invoices.draw_up(sandbox, subscription, "subscription_create", (now, now))
    subscription["latest_invoice"] = invoice["id"]
    sandbox.save(subscription)
    invoices.finalise(sandbox, invoice)
    invoices.collect_automatically(sandbox, invoice, payment_method, at_checkout=True)
    sandbox.record("customer.subscription.created", subscription)
    announce_paid(sandbox, invoice)
    return invoice


def announce_paid(sandbox: Sandbox, invoice: dict) -> None:
    sandbox.record("invoice.paid", invoice)
    sandbox.record("invoice.payment_succeeded", invoice)


def due_at(subscription: dict) -> int | None:
    if subscription["status"] not in RENEWING or subscription["items"] is None:
        return None
    moments = (subscription["cancel_at"], period_end(subscription))
    return min(moment for moment in moments if moment is not None)


def fall_due(sandbox: Sandbox, subscription: dict) -> None:
    end = subscription["cancel_at"]
    if end is not None and end <= sandbox.now():
        end_subscription(sandbox, subscription, "cancellation_requested")
    else:
        renew(sandbox, subscription)


def renew(sandbox: Sandbox, subscription: dict) -> None:
    before = present(subscription)
    period = move_period(subscription)
    invoice = invoices.draw_up(sandbox, subscription, "subscription_cycle", period)
    subscription["latest_invoice"] = invoice["id"]
    invoices.finalise(sandbox, invoice)
    if invoices.collect_automatically(sandbox, invoice, paying_method(sandbox, subscription)):
        announce_paid(sandbox, invoice)
        announce_change(sandbox, subscription, before)
    else:
        fail(sandbox, subscription, invoice, before)


def move_period(subscription: dict) -> tuple[int, int]:
    """Step the items on to their next period; return the one that ended."""
    anchor, ended = subscription["billing_cycle_anchor"], (0, 0)
    for item in subscription["items"]["data"]:
        ended = (item["current_period_start"], item["current_period_end"])
        end = next_period_end(anchor, item["price"]["recurring"], ended[1])
        item.update(current_period_start=ended[1], current_period_end=end)
    return ended


def paying_method(sandbox: Sandbox, subscription: dict) -> dict | None:
    customer = sandbox.get("customer", subscription["customer"])
    name = subscription["default_payment_method"]
    if name is None and not customer.get("deleted"):
        name = customer["invoice_settings"]["default_payment_method"]
    method = sandbox.find(name)
    # A detached card cannot be charged any more.
    return method if method and method["customer"] == customer["id"] else None


def fail(sandbox: Sandbox, subscription: dict, invoice: dict, before: dict) -> None:
    more = invoices.plan_retry(sandbox, invoice)
    sandbox.record("invoice.payment_failed", invoice)
    if more:
        subscription["status"] = "past_due"
        announce_change(sandbox, subscription, before)
    else:
        end_subscription(sandbox, subscription, "payment_failed")


def retry(sandbox: Sandbox, invoice: dict) -> None:
    subscription = sandbox.get("subscription", invoices.subscription_id(invoice))
    if invoices.collect_automatically(sandbox, invoice, paying_method(sandbox, subscription)):
        recover(sandbox, subscription, invoice)
    else:
        fail(sandbox, subscription, invoice, present(subscription))


def recover(sandbox: Sandbox, subscription: dict, invoice: dict) -> None:
    announce_paid(sandbox, invoice)
    owing = invoices.open_invoices(sandbox, subscription)
    if subscription["status"] == "past_due" and not owing:
        change_subscription(sandbox, subscription, status="active")


def pay_now(sandbox: Sandbox, invoice: dict, payment_method: dict | None) -> dict:
    """Pay an open invoice on request. Unlike a retry, a failure leaves the timetable alone."""
    require_open(invoice)
    subscription = sandbox.get("subscription", invoices.subscription_id(invoice))
    payment_method = payment_method or paying_method(sandbox, subscription)
    if payment_method is None:
        raise ParameterMissing("payment_method")
    if invoices.collect(sandbox, invoice, payment_method):
        recover(sandbox, subscription, invoice)
        return invoice
    sandbox.record("invoice.payment_failed", sandbox.save(invoice))
    raise CardDeclined("Your card was declined.", card_of(payment_method).decline_code)


def require_open(invoice: dict) -> None:
    if invoice["status"] != "open":
        message = f"Invoice is already {invoice['status']}"
        raise ParameterInvalid("invoice", message, "invoice_not_open")


RULES["subscription"] = (due_at, fall_due)
RULES["invoice"] = (invoices.retry_due_at, retry)
