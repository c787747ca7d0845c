"""Invoices: drawn up and finalised."""

from dataclasses import dataclass, field

from stripe_sandbox.billing import balance, discounts
from stripe_sandbox.billing.lines import after_discounts, draw_period, draw_waiting, totals
from stripe_sandbox.billing.payments import create_intent
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build, list_of
from stripe_sandbox.shapes.invoices import subscription_parent


@dataclass
class Bill:
    """What an invoice is to hold. `period` is the invoice's own, the one before its lines'."""

    reason: str
    period: tuple[int, int]
    items: list[dict] = field(default_factory=list)
    waiting: list[dict] = field(default_factory=list)


def compose(sandbox: Sandbox, subscription: dict, bill: Bill, name: str) -> dict:
    """The draft as it would be, not kept yet; changes nothing."""
    customer = sandbox.get("customer", subscription["customer"])
    invoice = build(
        "invoice",
        id=name,
        billing_reason=bill.reason,
        created=sandbox.now(),
        currency=subscription["currency"],
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        default_tax_rates=list(subscription["default_tax_rates"]),
        discounts=list(subscription["discounts"]),
        parent=subscription_parent(subscription),
        period_start=bill.period[0],
        period_end=bill.period[1],
        starting_balance=customer["balance"],
    )
    lines = draw_lines(sandbox, subscription, invoice, bill)
    invoice["lines"] = list_of(lines, f"/v1/invoices/{name}/lines")
    invoice.update(totals(lines))
    due, _ = balance.money_due(invoice["total"], customer["balance"])
    invoice.update(amount_due=due, amount_remaining=due)
    return invoice


def draw_lines(sandbox: Sandbox, subscription: dict, invoice: dict, bill: Bill) -> list[dict]:
    start = max((item["current_period_start"] for item in bill.items), default=sandbox.now())
    discounting = discounts.Discounting.of(sandbox, subscription, start)
    waiting = [draw_waiting(sandbox, invoice, entry) for entry in bill.waiting]
    return waiting + [draw_period(sandbox, invoice, item, discounting) for item in bill.items]


def draw_up(sandbox: Sandbox, subscription: dict, bill: Bill) -> dict:
    """A draft, kept and announced. What waited for an invoice waits no more."""
    invoice = compose(sandbox, subscription, bill, sandbox.new_id("in"))
    sandbox.save(invoice)
    lines = invoice["lines"]["data"]
    for entry, line in zip(bill.waiting, lines, strict=False):
        entry["invoice"] = invoice["id"]
        sandbox.save(entry)
        note_billed(subscription, entry["_item"], line, entry["_rate"])
    for item, line in zip(bill.items, lines[len(bill.waiting) :], strict=True):
        note_billed(subscription, item["id"], line, after_discounts(line))
    if bill.items:
        discounts.drop_used(sandbox, subscription)
    subscription["latest_invoice"] = invoice["id"]
    sandbox.record("invoice.created", invoice)
    return invoice


def note_billed(subscription: dict, item: str, line: dict, rate: int | None) -> None:
    """Remember what a whole period was billed at, and where: a later credit refers to it."""
    for entry in subscription["items"]["data"]:
        if entry["id"] == item and rate is not None:
            entry["_billed"] = {"rate": rate, "invoice": line["invoice"], "line": line["id"]}


def finalise(sandbox: Sandbox, invoice: dict) -> None:
    """Give it a number and, if there is something to pay, the payment intent to pay it with."""
    customer = sandbox.get("customer", invoice["customer"])
    page = f"{sandbox.options.public_url}/i/{invoice['id']}"
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    invoice.update(status="open", effective_at=sandbox.now(), hosted_invoice_url=page)
    invoice.update(invoice_pdf=page, webhooks_delivered_at=sandbox.now())
    invoice["status_transitions"]["finalized_at"] = sandbox.now()
    balance.use_for(sandbox, invoice, sandbox.save(customer))
    if invoice["amount_due"]:
        ask_for_payment(sandbox, invoice)
    sandbox.record("invoice.finalized", sandbox.save(invoice))


def ask_for_payment(sandbox: Sandbox, invoice: dict) -> None:
    description = (
        "Subscription creation"
        if invoice["billing_reason"] == "subscription_create"
        else "Subscription update"
    )
    intent = create_intent(
        sandbox,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=description,
        receipt_email=invoice["customer_email"],
    )
    payment = sandbox.create(
        "invoice_payment",
        "inpay",
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
    )
    invoice["_payment"] = payment["id"]


def open_invoices(sandbox: Sandbox, subscription: dict) -> list[dict]:
    return [
        invoice
        for invoice in sandbox.all("invoice", status="open")
        if subscription_id(invoice) == subscription["id"]
    ]


def subscription_id(invoice: dict) -> str:
    return invoice["parent"]["subscription_details"]["subscription"]
