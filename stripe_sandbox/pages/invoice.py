"""The hosted invoice page: looked at, paid, authenticated. It also stands in for the PDF."""

from flask import current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from stripe_sandbox.billing import collecting, paying, renewals
from stripe_sandbox.billing.invoices import subscription_id
from stripe_sandbox.billing.payment_methods import attach, create_payment_method
from stripe_sandbox.cards import OFFERED
from stripe_sandbox.errors import ConfirmationNeeded, StripeError
from stripe_sandbox.pages.formats import money

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def show(invoice: str) -> ResponseReturnValue:
    with sandbox.lock:
        obj = find(invoice)
        return render(obj) if obj else nothing()


def find(invoice: str) -> dict | None:
    obj = sandbox.find(invoice)
    return obj if obj and obj["object"] == "invoice" else None


def nothing() -> ResponseReturnValue:
    return render_template("closed.html", state="missing"), 404


def render(invoice: dict, problem: str = "") -> ResponseReturnValue:
    subscription = sandbox.get("subscription", subscription_id(invoice))
    return render_template(
        "invoice.html",
        invoice=invoice,
        card=renewals.paying_method(sandbox, subscription),
        asked=invoice["status"] == "open" and waits_for_bank(invoice),
        cards=OFFERED,
        problem=problem,
    )


def waits_for_bank(invoice: dict) -> bool:
    return collecting.intent_of(sandbox, invoice)["status"] == "requires_action"


def pay(invoice: str) -> ResponseReturnValue:
    """With the card on file, or with another one, which is not made the default."""
    with sandbox.changing():
        obj = find(invoice)
        if obj is None:
            return nothing()
        try:
            paying.pay_now(sandbox, obj, new_card(obj, request.form.get("card_number", "")))
        except ConfirmationNeeded:
            amount = money(obj["amount_remaining"], obj["currency"])
            action = f"/i/{invoice}/authenticate"
            return render_template("authenticate.html", typed={}, amount=amount, action=action)
        except StripeError as error:
            return render(obj, error.message)
    return redirect(f"/i/{invoice}", 303)


def new_card(invoice: dict, number: str) -> dict | None:
    if not number:
        return None
    customer = sandbox.get("customer", invoice["customer"])
    method = create_payment_method(sandbox, number, {"email": customer["email"]})
    return attach(sandbox, method, customer)


def authenticate(invoice: str) -> ResponseReturnValue:
    with sandbox.changing():
        obj = find(invoice)
        if obj is None:
            return nothing()
        done = request.form.get("authenticate") == "complete"
        try:
            paying.confirm(sandbox, obj, done=done)
        except StripeError as error:
            return render(obj, error.message)
        if not done:
            return render(obj, "Your bank could not authenticate the payment.")
    return redirect(f"/i/{invoice}", 303)


ROUTES = [
    ("GET", "/i/<invoice>", show),
    ("POST", "/i/<invoice>/pay", pay),
    ("POST", "/i/<invoice>/authenticate", authenticate),
]
