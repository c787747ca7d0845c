"""Checkout sessions: opened, paid, expired."""

from stripe_sandbox.billing import bank, coupons, first_payment
from stripe_sandbox.billing.amounts import add_up, taxes_on
from stripe_sandbox.billing.customers import create_customer
from stripe_sandbox.billing.discounts import Discounting
from stripe_sandbox.billing.payment_methods import attach, create_payment_method
from stripe_sandbox.billing.payments import charge_intent, create_intent
from stripe_sandbox.errors import ParameterInvalid, ParameterMissing, StripeError
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build
from stripe_sandbox.shapes.checkout import customer_details
from stripe_sandbox.timetable import RULES

OPEN_SECONDS = 86_400


def open_session(
    sandbox: Sandbox, lines: list[tuple[dict, int]], subscription: dict, **fields
) -> dict:
    """`subscription` is what the subscription is to have: metadata and default_tax_rates."""
    session = sandbox.create(
        "checkout.session",
        "cs_test",
        currency=lines[0][0]["currency"],
        expires_at=sandbox.now() + OPEN_SECONDS,
        _subscription=subscription,
        **fields,
    )
    session["_line_items"] = [draw_item(sandbox, *line) for line in lines]
    session["url"] = f"{sandbox.options.public_url}/c/pay/{session['id']}"
    return work_out(sandbox, session)


def draw_item(sandbox: Sandbox, price: dict, quantity: int) -> dict:
    return build(
        "item",
        id=sandbox.new_id("li"),
        currency=price["currency"],
        description=sandbox.get("product", price["product"])["name"],
        price=price,
        quantity=quantity,
    )


def work_out(sandbox: Sandbox, session: dict) -> dict:
    """What is to be paid today: nothing while a trial lasts, and discounts taken off."""
    given = read_given(sandbox, session)
    discounting = Discounting([{"id": coupon["id"], "_coupon": coupon} for coupon, _ in given])
    for item in session["_line_items"]:
        item.update(sums(session, item, discounting))
    session["discounts"] = [
        {"coupon": coupon["id"], "promotion_code": code["id"] if code else None}
        for coupon, code in given
    ]
    session.update(totals(session["_line_items"]))
    return sandbox.save(session)


def read_given(sandbox: Sandbox, session: dict) -> list[tuple[dict, dict | None]]:
    return [
        (sandbox.get("coupon", coupon), sandbox.find(code))
        for coupon, code in session.get("_given", [])
    ]


def sums(session: dict, item: dict, discounting: Discounting) -> dict:
    full = 0 if session.get("_trial") else item["price"]["unit_amount"] * item["quantity"]
    amount = discounting.after(full)
    taxes = taxes_on(amount, session["_subscription"]["default_tax_rates"])
    return {
        "amount_discount": full - amount,
        "amount_subtotal": full,
        "amount_tax": sum(tax["amount"] for tax in taxes),
        "amount_total": amount + add_up(taxes, "exclusive"),
    }


def totals(items: list[dict]) -> dict:
    def add(name: str) -> int:
        return sum(item[name] for item in items)

    return {
        "amount_subtotal": add("amount_subtotal"),
        "amount_total": add("amount_total"),
        "total_details": {
            "amount_discount": add("amount_discount"),
            "amount_shipping": 0,
            "amount_tax": add("amount_tax"),
        },
    }


def enter_code(sandbox: Sandbox, session: dict, typed: str) -> dict:
    """What the customer typed takes the place of a code entered before."""
    require_open(session)
    code = coupons.find_code(sandbox, typed, session["customer"])
    session["_given"] = [(coupons.coupon_of(sandbox, code)["id"], code["id"])]
    return work_out(sandbox, session)


def trial_end_of(sandbox: Sandbox, session: dict) -> int | None:
    trial = session.get("_trial")
    if not trial:
        return None
    return trial.get("end") or sandbox.now() + trial["days"] * 86_400


class NotAuthenticated(StripeError):
    status = 402
    type = "card_error"

    def __init__(self) -> None:
        message = (
            "We are unable to authenticate your payment method. Please choose a different payment "
            "method and try again."
        )
        super().__init__(message, code="payment_intent_authentication_failure")


def pay(
    sandbox: Sandbox,
    session: dict,
    card_number: str,
    email: str | None = None,
    *,
    expiry: tuple[int | None, int | None] = (None, None),
    confirmed: bool | None = None,
) -> bool:
    """Whether it is paid: not yet if the bank asks for authentication and `confirmed` is None."""
    require_open(session)
    email = session_email(sandbox, session) or email
    if not email:
        raise ParameterMissing("email")
    method = create_payment_method(sandbox, card_number, {"email": email}, expiry)
    answer = bank.ask(method, sandbox.now(), at_checkout=True, confirmed=bool(confirmed))
    if answer.result == bank.ASKS:
        if confirmed is False:
            raise NotAuthenticated()
        return False
    if not answer.paid:
        refuse(sandbox, session, method)
    customer = sandbox.find(session["customer"]) or create_customer(sandbox, email=email)
    attach(sandbox, method, customer)
    complete(sandbox, session, customer, method)
    return True


def require_open(session: dict) -> None:
    if session["status"] != "open":
        message = f"This Checkout Session is {session['status']} and cannot be paid or expired."
        raise ParameterInvalid("session", message, "checkout_session_not_open")


def session_email(sandbox: Sandbox, session: dict) -> str | None:
    customer = sandbox.find(session["customer"])
    return customer["email"] if customer else session["customer_email"]


def refuse(sandbox: Sandbox, session: dict, payment_method: dict) -> None:
    """A declined card leaves a failed charge, an open session and no subscription."""
    intent = create_intent(
        sandbox,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        description="Subscription creation",
    )
    answer = charge_intent(sandbox, intent, payment_method, at_checkout=True)
    raise answer.error(charge=intent["latest_charge"])


def complete(sandbox: Sandbox, session: dict, customer: dict, payment_method: dict) -> None:
    subscription = first_payment.begin(
        sandbox,
        customer,
        [(item["price"], item["quantity"]) for item in session["_line_items"]],
        payment_method,
        given=read_given(sandbox, session),
        trial_end=trial_end_of(sandbox, session),
        at_checkout=True,
        default_payment_method=payment_method["id"],
        **session["_subscription"],
    )
    paid = "paid" if session["amount_total"] else "no_payment_required"
    session.update(status="complete", payment_status=paid, url=None)
    session.update(customer=customer["id"], customer_details=customer_details(customer))
    session.update(subscription=subscription["id"], invoice=subscription["latest_invoice"])
    sandbox.record("checkout.session.completed", sandbox.save(session))


def success_url(session: dict) -> str:
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])


def expire(sandbox: Sandbox, session: dict) -> dict:
    require_open(session)
    session.update(status="expired", url=None)
    sandbox.record("checkout.session.expired", sandbox.save(session))
    return session


def expiry_due_at(session: dict) -> int | None:
    return session["expires_at"] if session["status"] == "open" else None


RULES["checkout.session"] = (expiry_due_at, expire)
