"""The control desk at /_sandbox/: the clock, what happened, what was sent."""

from flask import current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from stripe_sandbox.billing import portal
from stripe_sandbox.billing.customers import get_customer
from stripe_sandbox.cards import OFFERED
from stripe_sandbox.errors import StripeError
from stripe_sandbox.periods import add_interval

SHOWN = 15
BUTTONS = {
    "end-later": "End with the period",
    "keep": "Keep it going",
    "end": "End now",
    "refund": "Refund last payment",
    "dispute": "Dispute last payment",
    "lose-card": "Report card lost",
    "find-card": "Card works again",
}
SHARES = {
    "api_429": "Calls answered 429",
    "api_500": "Calls answered 500",
    "api_503": "Calls answered 503",
    "api_timeout": "Calls that time out",
    "api_lost": "Calls done, answer lost",
    "webhook_drop": "Webhooks never sent",
    "webhook_duplicate": "Webhooks sent twice",
    "webhook_twin": "Happenings with two events",
    "webhook_delay": "Webhooks sent late",
    "webhook_reorder": "Webhooks out of order",
}
COUNTED = ("customer", "checkout.session", "subscription", "invoice", "charge", "event")

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def show(problem: str = "") -> ResponseReturnValue:
    with sandbox.lock:
        return render_template(
            "desk.html",
            now=sandbox.now(),
            frozen=sandbox.clock.frozen,
            counts={kind: len(sandbox.all(kind)) for kind in COUNTED},
            events=sandbox.all("event")[: -SHOWN - 1 : -1],
            deliveries=sandbox.deliveries.newest_first()[:SHOWN],
            sent=sandbox.deliveries.count(),
            subscriptions=[describe(entry) for entry in sandbox.all("subscription")[::-1]],
            cards=OFFERED,
            buttons=BUTTONS,
            shares=SHARES,
            faults=sandbox.faults.show(),
            disputes=sandbox.all("dispute")[::-1],
            problem=problem,
        )


def describe(subscription: dict) -> dict:
    item = subscription["items"]["data"][0]
    card = sandbox.find(subscription["default_payment_method"])
    return {
        "subscription": subscription,
        "customer": sandbox.find(subscription["customer"]),
        "item": item,
        "card": card["card"]["last4"] if card else "none",
    }


def advance() -> ResponseReturnValue:
    target = add_interval(sandbox.now(), request.form["interval"], 1)
    sandbox.timetable.advance_to(target)
    return back()


def replace_card(customer: str) -> ResponseReturnValue:
    try:
        with sandbox.changing():
            obj = get_customer(sandbox, customer)
            portal.replace_card(sandbox, obj, request.form["card_number"])
    except StripeError as error:
        return show(error.message), error.status
    return back()


def retry(delivery: str) -> ResponseReturnValue:
    sandbox.deliveries.retry(delivery)
    return back()


def back() -> ResponseReturnValue:
    return redirect("/_sandbox/", 303)


ROUTES = [
    ("GET", "/_sandbox/", show),
    ("POST", "/_sandbox/desk/advance", advance),
    ("POST", "/_sandbox/desk/customers/<customer>/card", replace_card),
    ("POST", "/_sandbox/desk/deliveries/<delivery>/retry", retry),
]
