"""Invoices, their lines and their payments."""

from collections.abc import Callable

from stripe_sandbox.api.lists import page
from stripe_sandbox.api.params import allow, read_bool
from stripe_sandbox.billing import collecting, first_payment, paying, pending, renewals
from stripe_sandbox.billing.invoices import subscription_id
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

FILTERS = ("customer", "status", "subscription", "collection_method")
PAYMENT_FILTERS = ("invoice", "status", "payment")
WAITING_FILTERS = ("customer", "invoice", "pending")


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
    return page(chosen[::-1], params, "/v1/invoices", *FILTERS)


def pay(sandbox: Sandbox, params: dict, invoice: str) -> dict:
    allow(params, "payment_method", "paid_out_of_band", "off_session")
    obj = sandbox.get("invoice", invoice)
    if read_bool(params, "paid_out_of_band"):
        return present(paying.pay_elsewhere(sandbox, obj))
    return present(paying.pay_now(sandbox, obj, read_method(sandbox, obj, params)))


def read_method(sandbox: Sandbox, invoice: dict, params: dict) -> dict | None:
    name = params.get("payment_method")
    if not name:
        return None
    method = sandbox.get("payment_method", name, "payment_method")
    if method["customer"] != invoice["customer"]:
        message = "The payment method must be attached to the invoice's customer."
        raise ParameterInvalid("payment_method", message)
    return method


def void(sandbox: Sandbox, params: dict, invoice: str) -> dict:
    return give_up(sandbox, params, invoice, collecting.void)


def mark_uncollectible(sandbox: Sandbox, params: dict, invoice: str) -> dict:
    return give_up(sandbox, params, invoice, collecting.mark_uncollectible)


def give_up(sandbox: Sandbox, params: dict, invoice: str, way: Callable) -> dict:
    """Nothing is owed on it any more, so the subscription may no longer be past due."""
    allow(params)
    obj = sandbox.get("invoice", invoice)
    way(sandbox, obj)
    subscription = sandbox.get("subscription", subscription_id(obj))
    pending.forget(sandbox, subscription, obj)
    if subscription["status"] == "incomplete":
        first_payment.expire(sandbox, subscription)
    renewals.end_arrears(sandbox, subscription)
    return present(obj)


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
    return page(chosen[::-1], params, "/v1/invoice_payments", *PAYMENT_FILTERS)


def list_waiting(sandbox: Sandbox, params: dict) -> dict:
    """Invoice items: what prorations wait, or waited, for an invoice."""
    wanted = {name: params[name] for name in ("customer", "invoice") if params.get(name)}
    pending = read_bool(params, "pending")
    chosen = [
        entry
        for entry in sandbox.all("invoiceitem", **wanted)
        if pending in (None, entry["invoice"] is None)
    ]
    return page(chosen[::-1], params, "/v1/invoiceitems", *WAITING_FILTERS)


def retrieve_waiting(sandbox: Sandbox, params: dict, invoiceitem: str) -> dict:
    return present(sandbox.get("invoiceitem", invoiceitem))


ROUTES = [
    ("GET", "/v1/invoiceitems", list_waiting),
    ("GET", "/v1/invoiceitems/<invoiceitem>", retrieve_waiting),
    ("GET", "/v1/invoices", list_all),
    ("GET", "/v1/invoices/<invoice>", retrieve),
    ("POST", "/v1/invoices/<invoice>/pay", pay),
    ("POST", "/v1/invoices/<invoice>/void", void),
    ("POST", "/v1/invoices/<invoice>/mark_uncollectible", mark_uncollectible),
    ("GET", "/v1/invoices/<invoice>/lines", list_lines),
    ("GET", "/v1/invoice_payments", list_payments),
    ("GET", "/v1/invoice_payments/<invoice_payment>", retrieve_payment),
]
