"""Credit notes: an invoice put right after it was finalised."""

from dataclasses import dataclass, field
from decimal import Decimal

from stripe_sandbox.billing import amounts, balance, collecting, refunds, renewals
from stripe_sandbox.billing.invoices import subscription_id
from stripe_sandbox.billing.lines import sum_taxes
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build, list_of


@dataclass
class Settlement:
    """How the money of a paid invoice comes back, in pence; `refunds` are those already made."""

    refund: int = 0
    credit: int = 0
    elsewhere: int = 0
    refunds: list[tuple[dict, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        made = sum(amount for _, amount in self.refunds)
        return self.refund + self.credit + self.elsewhere + made


def line_for(sandbox: Sandbox, amount: int, rates: list[dict], **fields) -> dict:
    """`amount` is net of exclusive tax."""
    return build(
        "credit_note_line_item",
        id=sandbox.new_id("cnli"),
        amount=amount,
        tax_rates=rates,
        taxes=amounts.taxes_on(amount, rates),
        **fields,
    )


def line_for_total(sandbox: Sandbox, invoice: dict, total: int) -> dict:
    """A line whose sum with tax is `total`, taxed in the invoice's proportion."""
    part = Decimal(total) / invoice["total"]
    net = amounts.round_half_up(invoice["total_excluding_tax"] * part)
    line = line_for(sandbox, net, [], type="custom_line_item", quantity=1)
    line.update(description="Credit", unit_amount=net, unit_amount_decimal=str(net))
    taxes = [tax | {"amount": 0} for tax in invoice["total_taxes"]]
    for tax in taxes[:1]:
        tax.update(amount=total - net, taxable_amount=net)
    line["taxes"] = taxes
    return line


def issue(
    sandbox: Sandbox, invoice: dict, lines: list[dict], settlement: Settlement, **fields
) -> dict:
    totals = add_up(lines)
    require_creditable(sandbox, invoice, totals["total"])
    paid = invoice["status"] == "paid"
    if paid and settlement.total != totals["total"]:
        message = (
            f"The sum of credit amount, refund amount and out of band amount ({settlement.total}) "
            f"must equal the post payment credit note amount ({totals['total']})."
        )
        raise ParameterInvalid("amount", message)
    note = sandbox.create(
        "credit_note",
        "cn",
        currency=invoice["currency"],
        customer=invoice["customer"],
        effective_at=sandbox.now(),
        invoice=invoice["id"],
        number=next_number(sandbox, invoice),
        type="post_payment" if paid else "pre_payment",
        **totals,
        **fields,
    )
    note["lines"] = list_of(lines, f"/v1/credit_notes/{note['id']}/lines")
    note["pdf"] = f"{sandbox.options.public_url}/i/{invoice['id']}"
    settle = settle_paid if paid else settle_open
    settle(sandbox, invoice, note, settlement)
    sandbox.record("credit_note.created", sandbox.save(note))
    return note


def add_up(lines: list[dict]) -> dict:
    taxes = sum_taxes([tax for line in lines for tax in line["taxes"]])
    subtotal = sum(line["amount"] for line in lines)
    net = subtotal - amounts.add_up(taxes, "inclusive")
    total = subtotal + amounts.add_up(taxes, "exclusive")
    return {
        "amount": total,
        "subtotal": subtotal,
        "subtotal_excluding_tax": net,
        "total": total,
        "total_excluding_tax": net,
        "total_taxes": taxes,
    }


def require_creditable(sandbox: Sandbox, invoice: dict, total: int) -> None:
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        message = f"A credit note needs a finalised invoice; this one is {invoice['status']}."
        raise ParameterInvalid("invoice", message)
    noted = sum(note["total"] for note in sandbox.all("credit_note", invoice=invoice["id"]))
    left = invoice["total"] - noted
    if not 0 < total <= left:
        message = f"The credit note's amount ({total}) must be above 0 and at most {left}."
        raise ParameterInvalid("amount", message)


def next_number(sandbox: Sandbox, invoice: dict) -> str:
    count = len(sandbox.all("credit_note", invoice=invoice["id"]))
    return f"{invoice['number']}-CN-{count + 1:02d}"


def settle_paid(sandbox: Sandbox, invoice: dict, note: dict, settlement: Settlement) -> None:
    made = list(settlement.refunds)
    if settlement.refund:
        charge = charge_of(sandbox, invoice)
        made.append((refunds.refund(sandbox, charge, settlement.refund), settlement.refund))
    if settlement.credit:
        customer = sandbox.get("customer", invoice["customer"])
        moved = balance.move(
            sandbox,
            customer,
            -settlement.credit,
            "credit_note",
            credit_note=note["id"],
            invoice=invoice["id"],
        )
        note["customer_balance_transaction"] = moved["id"]
    note["refunds"] = [describe_refund(refund, amount) for refund, amount in made]
    note.update(post_payment_amount=note["total"], out_of_band_amount=settlement.elsewhere or None)
    invoice["post_payment_credit_notes_amount"] += note["total"]
    sandbox.save(invoice)


def charge_of(sandbox: Sandbox, invoice: dict) -> dict:
    if not invoice.get("_payment"):
        raise ParameterInvalid("refund_amount", "No charge was made for this invoice.")
    return sandbox.get("charge", collecting.intent_of(sandbox, invoice)["latest_charge"])


def describe_refund(refund: dict, amount: int) -> dict:
    return {
        "amount_refunded": amount,
        "payment_record_refund": None,
        "refund": refund["id"],
        "type": "refund",
    }


def settle_open(sandbox: Sandbox, invoice: dict, note: dict, settlement: Settlement) -> None:
    """Less is left to pay; with nothing left the invoice is paid."""
    note["pre_payment_amount"] = note["total"]
    invoice["pre_payment_credit_notes_amount"] += note["total"]
    left = max(invoice["amount_remaining"] - note["total"], 0)
    invoice.update(amount_due=invoice["amount_due"] - note["total"], amount_remaining=left)
    sandbox.save(invoice)
    if left:
        collecting.ask_for(sandbox, invoice, left)
    else:
        collecting.mark_paid_elsewhere(sandbox, invoice)
        subscription = sandbox.get("subscription", subscription_id(invoice))
        renewals.recover(sandbox, subscription, invoice)
