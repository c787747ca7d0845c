"""The billing portal: the card, the memberships and their end, the invoices."""

from flask import abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from stripe_sandbox.billing import endings, portal, renewals, schedules
from stripe_sandbox.billing.amounts import add_up, taxes_on
from stripe_sandbox.billing.subscriptions import items_of, period_end
from stripe_sandbox.cards import OFFERED
from stripe_sandbox.errors import StripeError

SHOWN_INVOICES = 24

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def show(session: str, problem: str = "") -> ResponseReturnValue:
    with sandbox.lock:
        obj, customer = find(session)
        owned = portal.live_subscriptions(sandbox, customer)
        return render_template(
            "portal.html",
            session=obj,
            customer=customer,
            card=sandbox.find(customer["invoice_settings"]["default_payment_method"]),
            subscriptions=[describe(subscription) for subscription in owned],
            invoices=invoices_of(customer),
            cards=OFFERED,
            problem=problem,
        )


def describe(subscription: dict) -> dict:
    """What the page shows of one: name, prices with tax, card, and what is to change."""
    first = items_of(subscription)[0]
    phase = schedules.next_phase(sandbox, subscription, period_end(subscription))
    following = phase and sandbox.get("price", phase["items"][0]["price"])
    return {
        "subscription": subscription,
        "item": first,
        "name": sandbox.get("product", first["price"]["product"])["name"],
        "gross": gross(subscription, first["price"], first["quantity"]),
        "renews_at": period_end(subscription),
        "following": following,
        "following_gross": following and gross(subscription, following, first["quantity"]),
        "card": renewals.paying_method(sandbox, subscription),
    }


def gross(subscription: dict, price: dict, quantity: int) -> int:
    amount = price["unit_amount"] * quantity
    return amount + add_up(taxes_on(amount, subscription["default_tax_rates"]), "exclusive")


def invoices_of(customer: dict) -> list[dict]:
    owned = sandbox.all("invoice", customer=customer["id"])
    return [invoice for invoice in owned[::-1] if invoice["number"]][:SHOWN_INVOICES]


def find(session: str) -> tuple[dict, dict]:
    obj = sandbox.find(session)
    if obj is None or obj["object"] != "billing_portal.session":
        abort(404)
    customer = sandbox.get("customer", obj["customer"])
    if customer.get("deleted"):
        abort(404)
    return obj, customer


def change_card(session: str) -> ResponseReturnValue:
    """The default card; also that of each subscription, unless they are to keep theirs."""
    try:
        with sandbox.changing():
            _, customer = find(session)
            only_default = request.form.get("use_for") == "default"
            change = portal.set_default_card if only_default else portal.replace_card
            change(sandbox, customer, request.form.get("card_number", ""))
    except StripeError as error:
        return show(session, error.message)
    return redirect(f"/p/session/{session}", 303)


def change_own_card(session: str, subscription: str) -> ResponseReturnValue:
    """The card of one subscription, which goes before the customer's default."""
    try:
        with sandbox.changing():
            _, customer = find(session)
            number = request.form.get("card_number", "")
            portal.set_own_card(sandbox, customer, find_own(session, subscription), number)
    except StripeError as error:
        return show(session, error.message)
    return redirect(f"/p/session/{session}", 303)


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
    ("POST", "/p/session/<session>/subscriptions/<subscription>/card", change_own_card),
    ("POST", "/p/session/<session>/subscriptions/<subscription>/cancel", cancel),
    ("POST", "/p/session/<session>/subscriptions/<subscription>/keep", keep),
]
