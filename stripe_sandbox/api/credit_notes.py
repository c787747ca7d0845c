"""Credit notes."""

from stripe_sandbox.api.checkout import read_tax_rates
from stripe_sandbox.api.lists import list_objects, page
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    pick,
    read_choice,
    read_int,
    read_list,
    require,
)
from stripe_sandbox.billing import credit_notes
from stripe_sandbox.errors import ParameterInvalid, ParameterMissing
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

REASONS = (None, "duplicate", "fraudulent", "order_change", "product_unsatisfactory")
CREATE = (
    "amount",
    "credit_amount",
    "email_type",
    "invoice",
    "lines",
    "memo",
    "out_of_band_amount",
    "reason",
    "refund_amount",
    "refunds",
)
LINE = (
    "amount",
    "description",
    "invoice_line_item",
    "quantity",
    "tax_rates",
    "type",
    "unit_amount",
)


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *CREATE)
    invoice = sandbox.get("invoice", require(params, "invoice"), "invoice")
    note = credit_notes.issue(
        sandbox,
        invoice,
        read_lines(sandbox, invoice, params),
        read_settlement(sandbox, params),
        metadata=merge_metadata({}, params),
        reason=read_choice(params, "reason", REASONS),
        **pick(params, "memo"),
    )
    return present(note)


def read_lines(sandbox: Sandbox, invoice: dict, params: dict) -> list[dict]:
    if params.get("amount") and params.get("lines"):
        raise ParameterInvalid("amount", "Give either amount or lines.")
    if params.get("amount"):
        amount = read_int(params, "amount")
        return [credit_notes.line_for_total(sandbox, invoice, amount)]
    lines = read_list(params, "lines")
    if not lines:
        raise ParameterMissing("amount")
    return [read_line(sandbox, invoice, line, f"lines[{n}]") for n, line in enumerate(lines)]


def read_line(sandbox: Sandbox, invoice: dict, given: dict, place: str) -> dict:
    allow(given, *LINE, place=place)
    if require(given, "type") == "custom_line_item":
        return read_custom_line(sandbox, given)
    found = [line for line in invoice["lines"]["data"] if line["id"] == given["invoice_line_item"]]
    if not found:
        message = f"No such invoice line item: '{given['invoice_line_item']}'"
        raise ParameterInvalid(f"{place}[invoice_line_item]", message, "resource_missing")
    amount = read_int(given, "amount", found[0]["amount"])
    rates = [
        present(sandbox.get("tax_rate", tax["tax_rate_details"]["tax_rate"]))
        for tax in found[0]["taxes"]
    ]
    return credit_notes.line_for(
        sandbox,
        amount,
        rates,
        description=found[0]["description"],
        invoice_line_item=found[0]["id"],
        quantity=found[0]["quantity"],
    )


def read_custom_line(sandbox: Sandbox, given: dict) -> dict:
    require(given, "unit_amount")
    unit, quantity = read_int(given, "unit_amount"), read_int(given, "quantity", 1)
    rates = read_tax_rates(sandbox, {"default_tax_rates": read_list(given, "tax_rates")})
    return credit_notes.line_for(
        sandbox,
        unit * quantity,
        rates,
        description=require(given, "description"),
        quantity=quantity,
        type="custom_line_item",
        unit_amount=unit,
        unit_amount_decimal=str(unit),
    )


def read_settlement(sandbox: Sandbox, params: dict) -> credit_notes.Settlement:
    made = [
        (refund, read_int(entry, "amount_refunded", refund["amount"]))
        for entry in read_list(params, "refunds")
        for refund in [sandbox.get("refund", require(entry, "refund"), "refunds")]
    ]
    return credit_notes.Settlement(
        refund=read_int(params, "refund_amount", 0),
        credit=read_int(params, "credit_amount", 0),
        elsewhere=read_int(params, "out_of_band_amount", 0),
        refunds=made,
    )


def retrieve(sandbox: Sandbox, params: dict, credit_note: str) -> dict:
    return present(sandbox.get("credit_note", credit_note))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("customer", "invoice")}
    return list_objects(sandbox, "credit_note", params, "/v1/credit_notes", **wanted)


def list_lines(sandbox: Sandbox, params: dict, credit_note: str) -> dict:
    lines = sandbox.get("credit_note", credit_note)["lines"]
    return page(lines["data"], params, lines["url"])


ROUTES = [
    ("POST", "/v1/credit_notes", create),
    ("GET", "/v1/credit_notes", list_all),
    ("GET", "/v1/credit_notes/<credit_note>", retrieve),
    ("GET", "/v1/credit_notes/<credit_note>/lines", list_lines),
]
