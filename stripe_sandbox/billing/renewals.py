"""The life of a running subscription: renewals, failures, recovery."""

from stripe_sandbox.billing import (
    bank,
    collecting,
    discounts,
    first_payment,
    invoices,
    prorations,
    schedules,
    trials,
)
from stripe_sandbox.billing.collecting import announce_paid, announce_unpaid
from stripe_sandbox.billing.endings import end_subscription
from stripe_sandbox.billing.payments import fail_confirmation
from stripe_sandbox.billing.subscriptions import (
    announce_change,
    change_subscription,
    items_of,
    period_end,
)
from stripe_sandbox.errors import ConfirmationNeeded, ParameterInvalid, ParameterMissing
from stripe_sandbox.periods import next_period_end
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.timetable import RULES

RENEWING = {"active", "past_due", "trialing"}


def due_at(subscription: dict) -> int | None:
    if subscription["status"] == "incomplete":
        return first_payment.expiry_due_at(subscription)
    if subscription["status"] not in RENEWING or subscription["items"] is None:
        return None
    moments = (
        subscription["cancel_at"],
        period_end(subscription),
        schedules.phase_due_at(subscription),
        resumes_at(subscription),
        trials.warning_due_at(subscription),
    )
    return min(moment for moment in moments if moment is not None)


def resumes_at(subscription: dict) -> int | None:
    return (subscription["pause_collection"] or {}).get("resumes_at")


def fall_due(sandbox: Sandbox, subscription: dict) -> None:
    if subscription["status"] == "incomplete":
        first_payment.expire(sandbox, subscription)
        return
    now, before = sandbox.now(), present(subscription)
    end = subscription["cancel_at"]
    if end is not None and end <= now:
        end_subscription(sandbox, subscription, "cancellation_requested")
        return
    trials.warn(sandbox, subscription)
    schedules.step(sandbox, subscription)
    if (resumes_at(subscription) or now + 1) <= now:
        subscription["pause_collection"] = None
    if period_end(subscription) <= now:
        renew(sandbox, subscription, before)
    else:
        announce_change(sandbox, subscription, before)


def renew(sandbox: Sandbox, subscription: dict, before: dict) -> None:
    trials.convert(subscription)
    discounts.drop_ended(sandbox, subscription)
    period = move_period(subscription)
    waiting = prorations.waiting_for(sandbox, subscription)
    bill = invoices.Bill("subscription_cycle", period, items_of(subscription), waiting)
    charge_bill(sandbox, subscription, bill, before)


def move_period(subscription: dict) -> tuple[int, int]:
    """Step the items on to their next period; return the one that ended."""
    anchor, ended = subscription["billing_cycle_anchor"], (0, 0)
    for item in items_of(subscription):
        ended = (item["current_period_start"], item["current_period_end"])
        end = next_period_end(anchor, item["price"]["recurring"], ended[1])
        item.update(current_period_start=ended[1], current_period_end=end)
    return ended


def charge_bill(sandbox: Sandbox, subscription: dict, bill: invoices.Bill, before: dict) -> None:
    """Invoice and collect; a failure makes the subscription past_due."""
    invoice = invoices.draw_up(sandbox, subscription, bill)
    pause = subscription["pause_collection"]
    if pause:
        hold(sandbox, invoice, pause["behavior"])
        announce_change(sandbox, subscription, before)
        return
    invoices.finalise(sandbox, invoice)
    method = paying_method(sandbox, subscription)
    if collecting.collect_automatically(sandbox, invoice, method):
        announce_paid(sandbox, invoice)
        announce_change(sandbox, subscription, before)
    else:
        fail(sandbox, subscription, invoice, before)


def hold(sandbox: Sandbox, invoice: dict, behavior: str) -> None:
    """What becomes of an invoice while collection is paused."""
    invoice["auto_advance"] = False
    sandbox.save(invoice)
    if behavior != "keep_as_draft":
        invoices.finalise(sandbox, invoice)
        give_up = collecting.void if behavior == "void" else collecting.mark_uncollectible
        give_up(sandbox, invoice)


def paying_method(sandbox: Sandbox, subscription: dict) -> dict | None:
    customer = sandbox.get("customer", subscription["customer"])
    name = subscription["default_payment_method"]
    if name is None and not customer.get("deleted"):
        name = customer["invoice_settings"]["default_payment_method"]
    method = sandbox.find(name)
    # A detached card cannot be charged any more.
    return method if method and method["customer"] == customer["id"] else None


def fail(sandbox: Sandbox, subscription: dict, invoice: dict, before: dict) -> None:
    more = collecting.plan_retry(sandbox, invoice)
    announce_unpaid(sandbox, invoice)
    if more:
        subscription["status"] = "past_due"
        announce_change(sandbox, subscription, before)
    else:
        end_subscription(sandbox, subscription, "payment_failed")


def retry(sandbox: Sandbox, invoice: dict) -> None:
    subscription = sandbox.get("subscription", invoices.subscription_id(invoice))
    method, before = paying_method(sandbox, subscription), present(subscription)
    if collecting.is_hopeless(invoice, method):
        pass_over(sandbox, subscription, invoice)
    elif collecting.collect_automatically(sandbox, invoice, method):
        recover(sandbox, subscription, invoice)
    else:
        fail(sandbox, subscription, invoice, before)


def pass_over(sandbox: Sandbox, subscription: dict, invoice: dict) -> None:
    """A retry that is counted, but charges nothing because it would be of no use."""
    before = present(invoice)
    invoice["attempt_count"] += 1
    more = collecting.plan_retry(sandbox, invoice)
    sandbox.record("invoice.updated", invoice, before)
    if not more:
        end_subscription(sandbox, subscription, "payment_failed")


def recover(sandbox: Sandbox, subscription: dict, invoice: dict) -> None:
    announce_paid(sandbox, invoice)
    end_arrears(sandbox, subscription)


def end_arrears(sandbox: Sandbox, subscription: dict) -> None:
    """No longer past due, or incomplete, if nothing is owed any more."""
    owing = invoices.open_invoices(sandbox, subscription)
    if subscription["status"] in ("past_due", "incomplete") and not owing:
        change_subscription(sandbox, subscription, status="active")


def pay_now(
    sandbox: Sandbox, invoice: dict, payment_method: dict | None, *, confirmed: bool = False
) -> dict:
    """Pay an open invoice on request. Unlike a retry, a failure leaves the timetable alone."""
    require_open(invoice)
    subscription = sandbox.get("subscription", invoices.subscription_id(invoice))
    payment_method = payment_method or paying_method(sandbox, subscription)
    if payment_method is None:
        raise ParameterMissing("payment_method")
    if collecting.collect(sandbox, invoice, payment_method, confirmed=confirmed):
        recover(sandbox, subscription, invoice)
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
    recover(sandbox, subscription, invoice)
    return invoice


def require_open(invoice: dict) -> None:
    if invoice["status"] not in ("open", "uncollectible"):
        message = f"Invoice is already {invoice['status']}"
        raise ParameterInvalid("invoice", message, "invoice_not_open")


RULES["subscription"] = (due_at, fall_due)
RULES["invoice"] = (collecting.retry_due_at, retry)
