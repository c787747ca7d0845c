"""The levers under /_sandbox/: clock, payments, cards, deliveries, faults. JSON in and out."""

from stripe_sandbox.billing import (
    checkout,
    disputes,
    endings,
    paying,
    payment_methods,
    portal,
)
from stripe_sandbox.billing.customers import get_customer
from stripe_sandbox.errors import ParameterInvalid, ParameterMissing
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

WAIT_SECONDS = 120
# What the next calls of the API suffer; all else in faults are switches.
FOLLOWING = ("api_status", "api_delay", "count")


def show_clock(sandbox: Sandbox, body: dict) -> dict:
    clock = sandbox.clock
    return {
        "now": clock.now(),
        "frozen": clock.frozen,
        "offset": clock.state["offset"],
        "sign_with_clock": clock.state["sign_with_clock"],
        "deliveries": sandbox.deliveries.count(),
    }


def set_clock(sandbox: Sandbox, body: dict) -> dict:
    happened = 0
    if "sign_with_clock" in body:
        sandbox.clock.change(sign_with_clock=bool(body["sign_with_clock"]))
    if "frozen_at" in body:
        happened += freeze(sandbox, read_moment(body, "frozen_at"), body)
    if "advance_to" in body:
        happened += advance(sandbox, read_moment(body, "advance_to"), body)
    if "advance_seconds" in body:
        seconds = read_moment(body, "advance_seconds")
        happened += advance(sandbox, sandbox.now() + seconds, body)
    if body.get("release"):
        happened += release(sandbox, body)
    return {"happened": happened, "settled": wait_if_asked(sandbox, body)} | show_clock(sandbox, {})


def read_moment(body: dict, name: str) -> int:
    if not isinstance(body[name], int):
        raise ParameterInvalid(name, f"{name} must be whole seconds.")
    return body[name]


def freeze(sandbox: Sandbox, moment: int, body: dict) -> int:
    if sandbox.is_untouched():
        sandbox.clock.freeze(moment)
        return 0
    happened = advance(sandbox, moment, body)
    sandbox.clock.freeze(moment)
    return happened


def advance(sandbox: Sandbox, moment: int, body: dict) -> int:
    return sandbox.timetable.advance_to(moment, in_step=bool(body.get("in_step")))


def release(sandbox: Sandbox, body: dict) -> int:
    """Run with the wall again. A clock ahead of the wall keeps its lead: it cannot go back."""
    happened = 0
    if sandbox.clock.wall() >= sandbox.now():
        happened = advance(sandbox, sandbox.clock.wall(), body)
    sandbox.clock.run()
    return happened


def wait_if_asked(sandbox: Sandbox, body: dict) -> bool | None:
    return wait(sandbox, body)["settled"] if body.get("wait") else None


def wait(sandbox: Sandbox, body: dict) -> dict:
    settled = sandbox.deliveries.wait(float(body.get("timeout", WAIT_SECONDS)))
    return {"settled": settled, **sandbox.deliveries.count()}


def pay_session(sandbox: Sandbox, body: dict, session: str) -> dict:
    with sandbox.changing():
        obj = sandbox.get("checkout.session", session)
        checkout.pay(
            sandbox,
            obj,
            require(body, "card_number"),
            body.get("email", "payer@example.com"),
            expiry=(body.get("exp_month"), body.get("exp_year")),
            confirmed=bool(body.get("authenticate", True)),
        )
        paid = present(obj)
    wait_if_asked(sandbox, body)
    return paid


def hear_from_bank(sandbox: Sandbox, body: dict, payment_method: str) -> dict:
    with sandbox.changing():
        obj = sandbox.get("payment_method", payment_method)
        said = {"decline_code": body.get("decline_code")}
        dates = {"month": body.get("exp_month"), "year": body.get("exp_year")}
        shown = present(payment_methods.hear_from_bank(sandbox, obj, **said, **dates))
    wait_if_asked(sandbox, body)
    return shown


def authenticate(sandbox: Sandbox, body: dict, invoice: str) -> dict:
    with sandbox.changing():
        obj = sandbox.get("invoice", invoice)
        paying.confirm(sandbox, obj, done=bool(body.get("done", True)))
        shown = present(obj)
    wait_if_asked(sandbox, body)
    return shown


def require(body: dict, name: str) -> str:
    if not body.get(name):
        raise ParameterMissing(name)
    return body[name]


def replace_card(sandbox: Sandbox, body: dict, customer: str) -> dict:
    with sandbox.changing():
        obj = get_customer(sandbox, customer)
        expiry = (body.get("exp_month"), body.get("exp_year"))
        number = require(body, "card_number")
        method = present(portal.replace_card(sandbox, obj, number, expiry))
    wait_if_asked(sandbox, body)
    return method


def cancel(sandbox: Sandbox, body: dict, subscription: str) -> dict:
    """At the period's end as the portal does it (cancel_at), or with `by_flag` as the API does."""
    with sandbox.changing():
        obj = sandbox.get("subscription", subscription)
        if obj["status"] == "canceled":
            raise ParameterInvalid("subscription", "The subscription has already ended.")
        if body.get("at_period_end", True):
            by_flag = bool(body.get("by_flag"))
            endings.cancel_at_period_end(sandbox, obj, by_flag=by_flag)
        else:
            endings.end_subscription(sandbox, obj, "cancellation_requested")
        shown = present(obj)
    wait_if_asked(sandbox, body)
    return shown


def open_dispute(sandbox: Sandbox, body: dict, charge: str) -> dict:
    with sandbox.changing():
        obj = sandbox.get("charge", charge)
        reason = body.get("reason", "fraudulent")
        shown = present(disputes.open_dispute(sandbox, obj, reason, body.get("amount")))
    wait_if_asked(sandbox, body)
    return shown


def close_dispute(sandbox: Sandbox, body: dict, dispute: str) -> dict:
    with sandbox.changing():
        obj = sandbox.get("dispute", dispute)
        shown = present(disputes.close(sandbox, obj, won=bool(body.get("won"))))
    wait_if_asked(sandbox, body)
    return shown


def list_deliveries(sandbox: Sandbox, body: dict) -> dict:
    return {"data": sandbox.deliveries.newest_first(), **sandbox.deliveries.count()}


def retry_delivery(sandbox: Sandbox, body: dict, delivery: str) -> dict:
    row = sandbox.deliveries.retry(delivery)
    if row is None:
        raise ParameterInvalid("delivery", f"No such delivery: '{delivery}'", "resource_missing")
    wait_if_asked(sandbox, body)
    return row


def show_faults(sandbox: Sandbox, body: dict) -> dict:
    return sandbox.faults.show()


def set_faults(sandbox: Sandbox, body: dict) -> dict:
    faults = sandbox.faults
    if body.pop("off", False):
        faults.off()
    following = {name: body.pop(name) for name in FOLLOWING if name in body}
    if following:
        status, delay = following.get("api_status"), float(following.get("api_delay") or 0)
        faults.set_next(status, delay, int(following.get("count", 1)))
    faults.switches.change(body)
    return faults.show()


def reset(sandbox: Sandbox, body: dict) -> dict:
    sandbox.reset()
    return show_clock(sandbox, body)


ROUTES = [
    ("GET", "/_sandbox/clock", show_clock),
    ("POST", "/_sandbox/clock", set_clock),
    ("POST", "/_sandbox/checkout/<session>/pay", pay_session),
    ("POST", "/_sandbox/customers/<customer>/card", replace_card),
    ("POST", "/_sandbox/payment_methods/<payment_method>", hear_from_bank),
    ("POST", "/_sandbox/invoices/<invoice>/authenticate", authenticate),
    ("POST", "/_sandbox/subscriptions/<subscription>/cancel", cancel),
    ("POST", "/_sandbox/charges/<charge>/dispute", open_dispute),
    ("POST", "/_sandbox/disputes/<dispute>/close", close_dispute),
    ("GET", "/_sandbox/deliveries", list_deliveries),
    ("POST", "/_sandbox/deliveries/wait", wait),
    ("POST", "/_sandbox/deliveries/<delivery>/retry", retry_delivery),
    ("GET", "/_sandbox/faults", show_faults),
    ("POST", "/_sandbox/faults", set_faults),
    ("POST", "/_sandbox/reset", reset),
]
