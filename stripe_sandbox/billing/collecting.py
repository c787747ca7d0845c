"""Getting invoices paid: tried, tried again, given up."""

from stripe_sandbox.billing import balance
from stripe_sandbox.billing.invoices import open_invoices
from stripe_sandbox.billing.payments import charge_intent
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox

DAY = 86_400
# Days after the first failure on which the card is tried again; then the subscription ends.
RETRY_DAYS = (3, 6, 10, 14)
NO_METHOD = "none"


def collect(
    sandbox: Sandbox,
    invoice: dict,
    payment_method: dict | None,
    *,
    at_checkout: bool = False,
    confirmed: bool = False,
) -> bool:
    """Try once to be paid; whether it worked."""
    invoice["attempted"] = True
    if not invoice["amount_remaining"]:
        mark_paid(sandbox, invoice)
        return True
    invoice["_hopeless"] = NO_METHOD
    if payment_method is None:
        return False
    intent = intent_of(sandbox, invoice)
    how = {"at_checkout": at_checkout, "confirmed": confirmed}
    answer = charge_intent(sandbox, intent, payment_method, **how)
    invoice["_hopeless"] = payment_method["id"] if answer.is_final else None
    if answer.paid:
        invoice["attempt_count"] = max(invoice["attempt_count"], 1)
        mark_paid(sandbox, invoice)
    return answer.paid


def collect_automatically(
    sandbox: Sandbox, invoice: dict, payment_method: dict | None, **how: bool
) -> bool:
    """As `collect`; only these attempts count towards the retry timetable."""
    if invoice["amount_remaining"]:
        invoice["attempt_count"] += 1
    return collect(sandbox, invoice, payment_method, **how)


def intent_of(sandbox: Sandbox, invoice: dict) -> dict:
    payment = sandbox.get("invoice_payment", invoice["_payment"])
    return sandbox.get("payment_intent", payment["payment"]["payment_intent"])


def ask_for(sandbox: Sandbox, invoice: dict, amount: int) -> None:
    """Less is to be paid than was first asked for."""
    payment, intent = (
        sandbox.get("invoice_payment", invoice["_payment"]),
        intent_of(sandbox, invoice),
    )
    payment["amount_requested"] = intent["amount"] = amount
    sandbox.save(payment)
    sandbox.save(intent)


def mark_paid(sandbox: Sandbox, invoice: dict) -> None:
    due, now = invoice["amount_remaining"], sandbox.now()
    payment = sandbox.find(invoice.get("_payment"))
    if payment:
        payment.update(status="paid", amount_paid=due)
        payment["status_transitions"]["paid_at"] = now
        sandbox.save(payment)
    invoice.update(status="paid", amount_paid=invoice["amount_paid"] + due, amount_remaining=0)
    invoice.update(next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = now
    sandbox.save(invoice)


def announce_paid(sandbox: Sandbox, invoice: dict) -> None:
    sandbox.record("invoice.paid", invoice)
    sandbox.record("invoice.payment_succeeded", invoice)


def announce_unpaid(sandbox: Sandbox, invoice: dict) -> None:
    intent = intent_of(sandbox, invoice)
    if intent["status"] == "requires_action":
        sandbox.record("invoice.payment_action_required", invoice)
    sandbox.record("invoice.payment_failed", invoice)


def mark_paid_elsewhere(sandbox: Sandbox, invoice: dict) -> None:
    """Paid, without a charge; amount_paid then counts what came from elsewhere as well."""
    cancel_intent(sandbox, invoice)
    invoice["_payment"] = None
    mark_paid(sandbox, invoice)


def plan_retry(sandbox: Sandbox, invoice: dict) -> bool:
    """Note a failed automatic attempt; whether there will be another.

    When the same card would be of no use the timetable goes on, but Stripe shows no next attempt
    and charges nothing until there is another card.
    """
    first = invoice.setdefault("_first_failed_at", sandbox.now())
    retries = invoice["attempt_count"] - 1
    more = retries < len(RETRY_DAYS)
    invoice["_retry_at"] = first + RETRY_DAYS[retries] * DAY if more else None
    invoice["next_payment_attempt"] = None if invoice["_hopeless"] else invoice["_retry_at"]
    invoice["auto_advance"] = more
    sandbox.save(invoice)
    return more


def is_hopeless(invoice: dict, payment_method: dict | None) -> bool:
    """Whether it would be tried again with what the bank has refused for good."""
    name = payment_method["id"] if payment_method else NO_METHOD
    return invoice.get("_hopeless") == name


def stop_collecting(sandbox: Sandbox, subscription: dict) -> None:
    for invoice in open_invoices(sandbox, subscription):
        invoice.update(next_payment_attempt=None, _retry_at=None, auto_advance=False)
        sandbox.save(invoice)


def void(sandbox: Sandbox, invoice: dict) -> None:
    give_up(sandbox, invoice, "void", "voided_at", {"open", "uncollectible"})
    balance.give_back(sandbox, invoice)
    sandbox.record("invoice.voided", sandbox.save(invoice))


def mark_uncollectible(sandbox: Sandbox, invoice: dict) -> None:
    give_up(sandbox, invoice, "uncollectible", "marked_uncollectible_at", {"open"})
    sandbox.record("invoice.marked_uncollectible", sandbox.save(invoice))


def give_up(sandbox: Sandbox, invoice: dict, status: str, moment: str, allowed: set[str]) -> None:
    if invoice["status"] not in allowed:
        message = f"This invoice is {invoice['status']} and cannot become {status}."
        raise ParameterInvalid("invoice", message, "invoice_not_editable")
    invoice.update(status=status, next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"][moment] = sandbox.now()
    if status == "void":
        cancel_intent(sandbox, invoice)


def cancel_intent(sandbox: Sandbox, invoice: dict) -> None:
    payment = sandbox.find(invoice.get("_payment"))
    if payment is None:
        return
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = sandbox.now()
    sandbox.save(payment)
    intent = intent_of(sandbox, invoice)
    intent.update(status="canceled", canceled_at=sandbox.now(), cancellation_reason="void_invoice")
    sandbox.record("payment_intent.canceled", sandbox.save(intent))


def retry_due_at(invoice: dict) -> int | None:
    if invoice["status"] != "open":
        return None
    return invoice.get("_retry_at", invoice["next_payment_attempt"])
