"""Updates that wait for their payment: the subscription goes on as it was until then.

What it is to become stands in its `pending_update`, which ends with the period, or after 23 hours.
"""

from stripe_sandbox.billing import collecting, invoices
from stripe_sandbox.billing.subscriptions import announce_change, items_of, period_end
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

PAY_SECONDS = 23 * 3600


def begin(
    sandbox: Sandbox, changed: dict, bill: invoices.Bill, payment_method: dict, metadata: dict
) -> dict:
    """Invoice `changed`, a copy of the subscription as it would be, and let it wait for that."""
    standing = sandbox.get("subscription", changed["id"])
    before = present(standing)
    invoice = invoices.draw_up(sandbox, changed, bill)
    invoices.finalise(sandbox, invoice)
    collecting.collect_automatically(sandbox, invoice, payment_method)
    invoice["auto_advance"] = False  # it is not on the timetable of the retries
    collecting.announce_unpaid(sandbox, sandbox.save(invoice))
    held = {
        name: value
        for name, value in changed.items()
        if value != standing.get(name) and name != "latest_invoice"
    }
    standing["_pending"] = {"invoice": invoice["id"], "fields": held}
    standing["latest_invoice"] = invoice["id"]
    standing["pending_update"] = {
        "billing_cycle_anchor": held.get("billing_cycle_anchor"),
        "discount": None,
        "discounts": None,
        "expires_at": min(sandbox.now() + PAY_SECONDS, period_end(standing)),
        "metadata": metadata or None,
        "subscription_items": present(items_of(changed)),
        "trial_end": held.get("trial_end"),
        "trial_from_plan": None,
    }
    return announce_change(sandbox, standing, before)


def apply(sandbox: Sandbox, subscription: dict, invoice: dict) -> None:
    """Its invoice is paid, so the subscription becomes what was wished."""
    if not waits_for(subscription, invoice):
        return
    before = present(subscription)
    subscription.update(subscription.pop("_pending")["fields"], pending_update=None)
    sandbox.record("customer.subscription.pending_update_applied", subscription)
    announce_change(sandbox, subscription, before)


def forget(sandbox: Sandbox, subscription: dict, invoice: dict) -> None:
    """Its invoice will not be paid any more."""
    if not waits_for(subscription, invoice):
        return
    before = present(subscription)
    del subscription["_pending"]
    sandbox.record("customer.subscription.pending_update_expired", subscription)
    subscription["pending_update"] = None
    announce_change(sandbox, subscription, before)


def discard(sandbox: Sandbox, subscription: dict) -> None:
    """Void what waits, if anything does."""
    held = subscription.get("_pending")
    if held:
        invoice = sandbox.get("invoice", held["invoice"])
        collecting.void(sandbox, invoice)
        forget(sandbox, subscription, invoice)


def waits_for(subscription: dict, invoice: dict) -> bool:
    return (subscription.get("_pending") or {}).get("invoice") == invoice["id"]


def expires_at(subscription: dict) -> int | None:
    return (subscription["pending_update"] or {}).get("expires_at")


def expire(sandbox: Sandbox, subscription: dict) -> None:
    if (expires_at(subscription) or sandbox.now() + 1) <= sandbox.now():
        discard(sandbox, subscription)
