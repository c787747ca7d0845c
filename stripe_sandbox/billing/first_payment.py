"""The first invoice of a subscription, and what becomes of one that is not paid."""

from stripe_sandbox.billing import collecting, discounts, invoices, trials
from stripe_sandbox.billing.collecting import announce_paid
from stripe_sandbox.billing.subscriptions import announce_change, create_subscription, items_of
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

PAY_SECONDS = 23 * 3600


def begin(
    sandbox: Sandbox,
    customer: dict,
    lines: list[tuple[dict, int]],
    payment_method: dict | None,
    *,
    given: list[tuple[dict, dict | None]] = (),
    trial_end: int | None = None,
    at_checkout: bool,
    **fields,
) -> dict:
    """Make a subscription with its discounts and trial, and charge what is due for it.

    Without payment it is incomplete, and expires after 23 hours.
    """
    subscription = create_subscription(sandbox, customer, lines, **fields)
    if trial_end:
        trials.begin(sandbox, subscription, trial_end)
    for coupon, code in given:
        discounts.give(sandbox, subscription, coupon, code)
    customer["currency"] = subscription["currency"]
    sandbox.save(customer)
    charge(sandbox, subscription, payment_method, at_checkout=at_checkout)
    return subscription


def charge(
    sandbox: Sandbox, subscription: dict, payment_method: dict | None, *, at_checkout: bool
) -> None:
    now = sandbox.now()
    bill = invoices.Bill("subscription_create", (now, now), items_of(subscription))
    invoice = invoices.draw_up(sandbox, subscription, bill)
    invoices.finalise(sandbox, invoice)
    # Whoever pays at checkout has authenticated the payment there.
    how = {"at_checkout": at_checkout, "confirmed": at_checkout}
    paid = collecting.collect_automatically(sandbox, invoice, payment_method, **how)
    if not paid:
        subscription["status"] = "incomplete"
    sandbox.record("customer.subscription.created", sandbox.save(subscription))
    if paid:
        announce_paid(sandbox, invoice)
    else:
        invoice["auto_advance"] = False
        collecting.announce_unpaid(sandbox, sandbox.save(invoice))


def expiry_due_at(subscription: dict) -> int | None:
    return subscription["created"] + PAY_SECONDS


def expire(sandbox: Sandbox, subscription: dict) -> None:
    before = present(subscription)
    for invoice in invoices.open_invoices(sandbox, subscription):
        collecting.void(sandbox, invoice)
    subscription.update(status="incomplete_expired", ended_at=sandbox.now())
    announce_change(sandbox, subscription, before)
