"""What the desk's buttons do to subscriptions, disputes and faults."""

from collections.abc import Callable

from flask import current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from stripe_sandbox.billing import disputes, endings, payment_methods, refunds, renewals
from stripe_sandbox.errors import ParameterInvalid, StripeError
from stripe_sandbox.pages import desk

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def end(subscription: dict) -> None:
    endings.end_subscription(sandbox, subscription, "cancellation_requested")


def end_later(subscription: dict) -> None:
    endings.cancel_at_period_end(sandbox, subscription, by_flag=False)


def refund(subscription: dict) -> None:
    refunds.refund(sandbox, last_payment(subscription), None, reason="requested_by_customer")


def dispute(subscription: dict) -> None:
    disputes.open_dispute(sandbox, last_payment(subscription))


def last_payment(subscription: dict) -> dict:
    """The newest charge of this subscription that went through."""
    for invoice in sandbox.all("invoice", customer=subscription["customer"])[::-1]:
        payment = sandbox.find(invoice.get("_payment"))
        details = invoice["parent"]["subscription_details"]
        if details["subscription"] == subscription["id"] and payment:
            intent = sandbox.get("payment_intent", payment["payment"]["payment_intent"])
            charge = sandbox.find(intent["latest_charge"])
            if charge and charge["paid"]:
                return charge
    raise ParameterInvalid("subscription", "Nothing has been paid for this subscription yet.")


def lose_card(subscription: dict) -> None:
    hear(subscription, "lost_card")


def find_card(subscription: dict) -> None:
    hear(subscription, "")


def hear(subscription: dict, decline_code: str) -> None:
    method = renewals.paying_method(sandbox, subscription)
    if method is None:
        raise ParameterInvalid("subscription", "There is no card on file.")
    payment_methods.hear_from_bank(sandbox, method, decline_code=decline_code)


def keep(subscription: dict) -> None:
    endings.keep_subscription(sandbox, subscription)


# What stands on each button is in desk.py.
ACTIONS: dict[str, Callable[[dict], None]] = {
    "end-later": end_later,
    "keep": keep,
    "end": end,
    "refund": refund,
    "dispute": dispute,
    "lose-card": lose_card,
    "find-card": find_card,
}


def act(subscription: str, action: str) -> ResponseReturnValue:
    try:
        with sandbox.changing():
            obj = sandbox.get("subscription", subscription)
            if obj["ended_at"] and action not in ("refund", "dispute"):
                raise ParameterInvalid("subscription", "The subscription has already ended.")
            if action not in ACTIONS:
                raise ParameterInvalid("action", "There is no such button.")
            ACTIONS[action](obj)
    except StripeError as error:
        return desk.show(error.message), error.status
    return desk.back()


def close_dispute(dispute: str) -> ResponseReturnValue:
    try:
        with sandbox.changing():
            obj = sandbox.get("dispute", dispute)
            disputes.close(sandbox, obj, won=request.form["outcome"] == "won")
    except StripeError as error:
        return desk.show(error.message), error.status
    return desk.back()


def set_faults() -> ResponseReturnValue:
    """The form has shares in per cent."""
    if "off" in request.form:
        sandbox.faults.off()
        return redirect("/_sandbox/#faults", 303)
    shares = {name: read_percent(request.form[name]) for name in desk.SHARES if request.form[name]}
    try:
        sandbox.faults.switches.change(shares)
    except StripeError as error:
        return desk.show(error.message), error.status
    return redirect("/_sandbox/#faults", 303)


def read_percent(typed: str) -> float | str:
    try:
        return float(typed) / 100
    except ValueError:
        return typed


ROUTES = [
    ("POST", "/_sandbox/desk/subscriptions/<subscription>/<action>", act),
    ("POST", "/_sandbox/desk/disputes/<dispute>", close_dispute),
    ("POST", "/_sandbox/desk/faults", set_faults),
]
