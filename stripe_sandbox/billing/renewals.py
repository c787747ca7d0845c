"""The life of a running subscription: renewals, failures, recovery."""

from stripe_sandbox.billing import (
    collecting,
    discounts,
    first_payment,
    invoices,
    pending,
    prorations,
    schedules,
    trials,
)
from stripe_sandbox.billing.collecting import announce_paid, announce_unpaid
from stripe_sandbox.billing.endings import end_subscription
from stripe_sandbox.billing.subscriptions import (
    announce_change,
    change_subscription,
    items_of,
    period_end,
)
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
        pending.expires_at(subscription),
    )
    return min(moment for moment in moments if moment is not None)


def resumes_at(subscription: dict) -> int | None:
    return (subscription["pause_collection"] or {}).get("resumes_at")


def fall_due(sandbox: Sandbox, subscription: dict) -> None:
    if subscription["status"] == "incomplete":
        first_payment.expire(sandbox, subscription)
        return
    pending.expire(sandbox, subscription)
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
    pending.apply(sandbox, subscription, invoice)
    end_arrears(sandbox, subscription)


def end_arrears(sandbox: Sandbox, subscription: dict) -> None:
    """No longer past due, or incomplete, if nothing is owed any more."""
    owing = invoices.open_invoices(sandbox, subscription)
    if subscription["status"] in ("past_due", "incomplete") and not owing:
        change_subscription(sandbox, subscription, status="active")


RULES["subscription"] = (due_at, fall_due)
RULES["invoice"] = (collecting.retry_due_at, retry)
