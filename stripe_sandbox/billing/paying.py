"""Paying an invoice on request: by the API, by staff, by the customer on its page."""

from stripe_sandbox.billing import bank, collecting, invoices, renewals
from stripe_sandbox.billing.collecting import announce_unpaid
from stripe_sandbox.billing.payments import fail_confirmation
from stripe_sandbox.errors import ConfirmationNeeded, ParameterInvalid, ParameterMissing
from stripe_sandbox.sandbox import Sandbox


def pay_now(
    sandbox: Sandbox, invoice: dict, payment_method: dict | None, *, confirmed: bool = False
) -> dict:
    """Pay an open invoice on request. Unlike a retry, a failure leaves the timetable alone."""
    require_open(invoice)
    subscription = sandbox.get("subscription", invoices.subscription_id(invoice))
    payment_method = payment_method or renewals.paying_method(sandbox, subscription)
    if payment_method is None:
        raise ParameterMissing("payment_method")
    if collecting.collect(sandbox, invoice, payment_method, confirmed=confirmed):
        renewals.recover(sandbox, subscription, invoice)
        return invoice
    announce_unpaid(sandbox, sandbox.save(invoice))
    intent = collecting.intent_of(sandbox, invoice)
    if intent["status"] == "requires_action":
        raise ConfirmationNeeded("invoice", intent["id"])
    raise bank.ask(payment_method, sandbox.now()).error(charge=intent["latest_charge"])


def confirm(sandbox: Sandbox, invoice: dict, *, done: bool) -> None:
    """The customer has authenticated the payment that waits for it, or failed to."""
    intent = collecting.intent_of(sandbox, invoice)
    if intent["status"] != "requires_action":
        raise ParameterInvalid("invoice", "This payment does not wait for authentication.")
    if done:
        method = sandbox.get("payment_method", intent["payment_method"])
        pay_now(sandbox, invoice, method, confirmed=True)
    else:
        fail_confirmation(sandbox, intent)
        announce_unpaid(sandbox, invoice)


def pay_elsewhere(sandbox: Sandbox, invoice: dict) -> dict:
    """Note that it was paid outside Stripe."""
    require_open(invoice)
    subscription = sandbox.get("subscription", invoices.subscription_id(invoice))
    collecting.mark_paid_elsewhere(sandbox, invoice)
    renewals.recover(sandbox, subscription, invoice)
    return invoice


def require_open(invoice: dict) -> None:
    if invoice["status"] not in ("open", "uncollectible"):
        message = f"Invoice is already {invoice['status']}"
        raise ParameterInvalid("invoice", message, "invoice_not_open")
