"""Invoices, their lines and their payments."""

from stripe_sandbox.api.lists import page
from stripe_sandbox.api.params import read_bool
from stripe_sandbox.billing import renewals
from stripe_sandbox.billing.invoices import subscription_id
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def retrieve(sandbox: Sandbox, params: dict, invoice: str) -> dict:
    return present(sandbox.get("invoice", invoice))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params[name] for name in ("customer", "status") if params.get(name)}
    subscription = params.get("subscription")
    chosen = [
        invoice
        for invoice in sandbox.all("invoice", **wanted)
        if subscription in (None, subscription_id(invoice))
    ]
    return page(chosen[::-1], params, "/v1/invoices")


def pay(sandbox: Sandbox, params: dict, invoice: str) -> dict:
    obj = sandbox.get("invoice", invoice)
    name = params.get("payment_method")
    payment_method = sandbox.get("payment_method", name, "payment_method") if name else None
    return present(renewals.pay_now(sandbox, obj, payment_method))


def list_lines(sandbox: Sandbox, params: dict, invoice: str) -> dict:
    lines = sandbox.get("invoice", invoice)["lines"]
    return page(lines["data"], params, lines["url"])


def retrieve_payment(sandbox: Sandbox, params: dict, invoice_payment: str) -> dict:
    return present(sandbox.get("invoice_payment", invoice_payment))


def list_payments(sandbox: Sandbox, params: dict) -> dict:
    intent = (params.get("payment") or {}).get("payment_intent")
    wanted = {name: params[name] for name in ("invoice", "status") if params.get(name)}
    chosen = [
        payment
        for payment in sandbox.all("invoice_payment", **wanted)
        if intent in (None, payment["payment"]["payment_intent"])
    ]
    return page(chosen[::-1], params, "/v1/invoice_payments")


def list_waiting(sandbox: Sandbox, params: dict) -> dict:
    """Invoice items: what prorations wait, or waited, for an invoice."""
    wanted = {name: params[name] for name in ("customer", "invoice") if params.get(name)}
    pending = read_bool(params, "pending")
    chosen = [
        entry
        for entry in sandbox.all("invoiceitem", **wanted)
        if pending in (None, entry["invoice"] is None)
    ]
    return page(chosen[::-1], params, "/v1/invoiceitems")


def retrieve_waiting(sandbox: Sandbox, params: dict, invoiceitem: str) -> dict:
    return present(sandbox.get("invoiceitem", invoiceitem))


ROUTES = [
    ("GET", "/v1/invoiceitems", list_waiting),
    ("GET", "/v1/invoiceitems/<invoiceitem>", retrieve_waiting),
    ("GET", "/v1/invoices", list_all),
    ("GET", "/v1/invoices/<invoice>", retrieve),
    ("POST", "/v1/invoices/<invoice>/pay", pay),
    ("GET", "/v1/invoices/<invoice>/lines", list_lines),
    ("GET", "/v1/invoice_payments", list_payments),
    ("GET", "/v1/invoice_payments/<invoice_payment>", retrieve_payment),
]
