"""The hosted checkout page."""

from flask import current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from stripe_sandbox.billing import checkout
from stripe_sandbox.cards import OFFERED
from stripe_sandbox.errors import StripeError
from stripe_sandbox.pages.formats import money, read_expiry
from stripe_sandbox.shapes import present

# What the two buttons of the 3-D Secure page send.
CONFIRMED = {"complete": True, "fail": False}

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def show(session: str) -> ResponseReturnValue:
    with sandbox.lock:
        obj = sandbox.find(session)
        return render(obj)


def pay(session: str) -> ResponseReturnValue:
    """A declined card leaves the person on the page, with the reason."""
    form = request.form
    with sandbox.changing():
        obj = sandbox.find(session)
        if obj is None or obj["status"] != "open":
            return render(obj)
        try:
            paid = checkout.pay(
                sandbox,
                obj,
                form.get("card_number", ""),
                form.get("email"),
                expiry=read_expiry(form.get("expiry", "")),
                confirmed=CONFIRMED.get(form.get("authenticate")),
            )
        except StripeError as error:
            return render(obj, problem=error.message, typed=form.get("card_number", ""))
        if not paid:
            return render_template("authenticate.html", typed=form, amount=amount_of(obj))
        target = checkout.success_url(obj)
    return redirect(target, 303)


def amount_of(session: dict) -> str:
    return money(session["amount_total"], session["currency"])


def enter_code(session: str) -> ResponseReturnValue:
    typed = request.form.get("code", "")
    with sandbox.changing():
        obj = sandbox.find(session)
        if obj is None or obj["status"] != "open" or not obj["allow_promotion_codes"]:
            return render(obj)
        try:
            checkout.enter_code(sandbox, obj, typed)
        except StripeError:
            return render(obj, refused_code=typed)
    return redirect(f"/c/pay/{session}", 303)


def render(
    session: dict | None, problem: str = "", typed: str = "", refused_code: str = ""
) -> ResponseReturnValue:
    if session is None:
        return render_template("closed.html", state="missing"), 404
    if session["status"] != "open":
        return render_template("closed.html", state=session["status"], session=session)
    # Also a declined card is an answered form and not a failed request.
    return render_template(
        "checkout.html",
        session=session,
        items=session["_line_items"],
        rates=present(session["_subscription"]["default_tax_rates"]),
        email=checkout.session_email(sandbox, session),
        cards=OFFERED,
        trial_end=checkout.trial_end_of(sandbox, session),
        refused_code=refused_code,
        problem=problem,
        typed=typed,
        expiry=request.form.get("expiry") or "12 / 34",
    )


ROUTES = [
    ("GET", "/c/pay/<session>", show),
    ("POST", "/c/pay/<session>", pay),
    ("POST", "/c/pay/<session>/code", enter_code),
]
