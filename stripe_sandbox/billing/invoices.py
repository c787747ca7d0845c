"""Invoices: drawn up, finalised, collected, tried again."""

from stripe_sandbox.billing import amounts
from stripe_sandbox.billing.payments import charge_intent, create_intent
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build, list_of
from stripe_sandbox.shapes.invoices import item_parent, price_pricing, subscription_parent

DAY = 86_400
# Days after the first failure on which the card is tried again; then the subscription ends.
RETRY_DAYS = (3, 6, 10, 14)


def draw_up(sandbox: Sandbox, subscription: dict, reason: str, period: tuple[int, int]) -> dict:
    """A draft for the items' current periods. `period` is the invoice's own, the one before."""
    customer = sandbox.get("customer", subscription["customer"])
    invoice = sandbox.create(
        "invoice",
        "in",
        billing_reason=reason,
        currency=subscription["currency"],
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        default_tax_rates=list(subscription["default_tax_rates"]),
        parent=subscription_parent(subscription),
        period_start=period[0],
        period_end=period[1],
    )
    lines = [draw_line(sandbox, invoice, item) for item in subscription["items"]["data"]]
    invoice["lines"] = list_of(lines, f"/v1/invoices/{invoice['id']}/lines")
    invoice.update(totals(lines))
    sandbox.record("invoice.created", sandbox.save(invoice))
    return invoice


def draw_line(sandbox: Sandbox, invoice: dict, item: dict) -> dict:
    price, quantity = item["price"], item["quantity"]
    amount = price["unit_amount"] * quantity
    product = sandbox.get("product", price["product"])
    return build(
        "line_item",
        id=sandbox.new_id("il"),
        amount=amount,
        currency=invoice["currency"],
        description=f"{quantity} × {product['name']} ({describe_price(price)})",
        invoice=invoice["id"],
        metadata=dict(invoice["parent"]["subscription_details"]["metadata"]),
        parent=item_parent(item),
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing=price_pricing(price),
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=item["subscription"],
        subtotal=amount,
        taxes=amounts.taxes_on(amount, item["tax_rates"] or invoice["default_tax_rates"]),
    )


def describe_price(price: dict) -> str:
    recurring = price["recurring"]
    every = recurring["interval"]
    if recurring["interval_count"] > 1:
        every = f"{recurring['interval_count']} {every}s"
    return f"at £{price['unit_amount'] / 100:.2f} / {every}"


def totals(lines: list[dict]) -> dict:
    taxes = sum_taxes([tax for line in lines for tax in line["taxes"]])
    subtotal = sum(line["subtotal"] for line in lines)
    net = subtotal - amounts.add_up(taxes, "inclusive")
    total = subtotal + amounts.add_up(taxes, "exclusive")
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": net,
        "total": total,
        "total_excluding_tax": net,
        "total_taxes": taxes,
        "amount_due": total,
        "amount_remaining": total,
    }


def sum_taxes(taxes: list[dict]) -> list[dict]:
    """One entry per rate."""
    summed: dict[str, dict] = {}
    for tax in taxes:
        entry = summed.setdefault(
            tax["tax_rate_details"]["tax_rate"], tax | {"amount": 0, "taxable_amount": 0}
        )
        entry["amount"] += tax["amount"]
        entry["taxable_amount"] += tax["taxable_amount"]
    return list(summed.values())


def finalise(sandbox: Sandbox, invoice: dict) -> None:
    """Give it a number and the payment intent it is to be paid with."""
    customer = sandbox.get("customer", invoice["customer"])
    page = f"{sandbox.options.public_url}/i/{invoice['id']}"
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    invoice.update(status="open", effective_at=sandbox.now(), hosted_invoice_url=page)
    invoice.update(invoice_pdf=page, webhooks_delivered_at=sandbox.now())
    invoice["status_transitions"]["finalized_at"] = sandbox.now()
    sandbox.save(customer)
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
        amount=invoice["total"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=description,
        receipt_email=invoice["customer_email"],
    )
    payment = sandbox.create(
        "invoice_payment",
        "inpay",
        amount_requested=invoice["total"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
    )
    invoice["_payment"] = payment["id"]


def collect(
    sandbox: Sandbox, invoice: dict, payment_method: dict | None, *, at_checkout=False
) -> bool:
    """Try once to be paid; whether it worked."""
    payment = payment_of(sandbox, invoice)
    intent = sandbox.get("payment_intent", payment["payment"]["payment_intent"])
    invoice["attempted"] = True
    if payment_method is None:
        return False
    charge = charge_intent(sandbox, intent, payment_method, at_checkout=at_checkout)
    if charge["paid"]:
        mark_paid(sandbox, invoice, payment)
    return charge["paid"]


def collect_automatically(
    sandbox: Sandbox, invoice: dict, payment_method: dict | None, **how
) -> bool:
    """As `collect`; only these attempts count towards the retry timetable."""
    invoice["attempt_count"] += 1
    return collect(sandbox, invoice, payment_method, **how)


def payment_of(sandbox: Sandbox, invoice: dict) -> dict:
    return sandbox.get("invoice_payment", invoice["_payment"])


def mark_paid(sandbox: Sandbox, invoice: dict, payment: dict) -> None:
    total, now = invoice["total"], sandbox.now()
    payment.update(status="paid", amount_paid=total)
    payment["status_transitions"]["paid_at"] = now
    invoice.update(status="paid", amount_paid=total, amount_remaining=0, ending_balance=0)
    invoice.update(next_payment_attempt=None, auto_advance=False)
    invoice["attempt_count"] = max(invoice["attempt_count"], 1)
    invoice["status_transitions"]["paid_at"] = now
    sandbox.save(payment)
    sandbox.save(invoice)


def plan_retry(sandbox: Sandbox, invoice: dict) -> bool:
    """Note a failed automatic attempt; whether there will be another."""
    first = invoice.setdefault("_first_failed_at", sandbox.now())
    retries = invoice["attempt_count"] - 1
    more = retries < len(RETRY_DAYS)
    invoice["next_payment_attempt"] = first + RETRY_DAYS[retries] * DAY if more else None
    invoice["auto_advance"] = more
    sandbox.save(invoice)
    return more


def stop_collecting(sandbox: Sandbox, subscription: dict) -> None:
    for invoice in open_invoices(sandbox, subscription):
        invoice.update(next_payment_attempt=None, auto_advance=False)
        sandbox.save(invoice)


def open_invoices(sandbox: Sandbox, subscription: dict) -> list[dict]:
    return [
        invoice
        for invoice in sandbox.all("invoice", status="open")
        if subscription_id(invoice) == subscription["id"]
    ]


def subscription_id(invoice: dict) -> str:
    return invoice["parent"]["subscription_details"]["subscription"]


def retry_due_at(invoice: dict) -> int | None:
    return invoice["next_payment_attempt"] if invoice["status"] == "open" else None
