"""The billing portal: change the card, end the membership, take that back."""

from flask import abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from stripe_sandbox.billing import endings, portal
from stripe_sandbox.cards import OFFERED
from stripe_sandbox.errors import StripeError

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def show(session: str, problem: str = "") -> ResponseReturnValue:
    with sandbox.lock:
        obj, customer = find(session)
        card = sandbox.find(customer["invoice_settings"]["default_payment_method"])
        owned = portal.live_subscriptions(sandbox, customer)
        card = card or next(
            (sandbox.find(entry["default_payment_method"]) for entry in owned), None
        )
        return render_template(
            "portal.html",
            session=obj,
            customer=customer,
            card=card,
            subscriptions=owned,
            cards=OFFERED,
            problem=problem,
        )


def find(session: str) -> tuple[dict, dict]:
    obj = sandbox.find(session)
    if obj is None or obj["object"] != "billing_portal.session":
        abort(404)
    customer = sandbox.get("customer", obj["customer"])
    if customer.get("deleted"):
        abort(404)
    return obj, customer


def change_card(session: str) -> ResponseReturnValue:
    try:
        with sandbox.changing():
            _, customer = find(session)
            portal.replace_card(sandbox, customer, request.form.get("card_number", ""))
    except StripeError as error:
        return show(session, error.message)
    return redirect(request.path.removesuffix("/card"), 303)


def cancel(session: str, subscription: str) -> ResponseReturnValue:
    with sandbox.changing():
        endings.cancel_at_period_end(sandbox, find_own(session, subscription), by_flag=False)
    return redirect(f"/p/session/{session}", 303)


def keep(session: str, subscription: str) -> ResponseReturnValue:
    with sandbox.changing():
        endings.keep_subscription(sandbox, find_own(session, subscription))
    return redirect(f"/p/session/{session}", 303)


def find_own(session: str, subscription: str) -> dict:
    _, customer = find(session)
    for owned in portal.live_subscriptions(sandbox, customer):
        if owned["id"] == subscription:
            return owned
    abort(404)


ROUTES = [
    ("GET", "/p/session/<session>", show),
    ("POST", "/p/session/<session>/card", change_card),
    ("POST", "/p/session/<session>/subscriptions/<subscription>/cancel", cancel),
    ("POST", "/p/session/<session>/subscriptions/<subscription>/keep", keep),
]
