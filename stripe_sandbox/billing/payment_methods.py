"""Cards on file."""

from stripe_sandbox.billing import bank
from stripe_sandbox.billing.customers import set_default_payment_method
from stripe_sandbox.cards import find_card
from stripe_sandbox.errors import StripeError
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.shapes.payments import billing_details, card_details


class WrongExpiry(StripeError):
    status = 402
    type = "card_error"

    def __init__(self, part: str):
        message = f"Your card's expiration {part} is invalid."
        super().__init__(message, code=f"invalid_expiry_{part}", param=f"exp_{part}")


def create_payment_method(
    sandbox: Sandbox,
    number: str,
    details: dict | None = None,
    expiry: tuple[int | None, int | None] = (None, None),
) -> dict:
    """`expiry`: month and year, each as usual if it is None."""
    card = find_card(number)
    method = sandbox.create(
        "payment_method",
        "pm",
        billing_details=billing_details() | (details or {}),
        card=card_details(card),
        _card_number=card.number,
    )
    set_expiry(sandbox, method, *expiry)
    return sandbox.save(method)


def set_expiry(sandbox: Sandbox, method: dict, month: int | None, year: int | None) -> None:
    card = dict(method["card"])
    card.update(exp_month=month or card["exp_month"], exp_year=year or card["exp_year"])
    if not 1 <= card["exp_month"] <= 12:
        raise WrongExpiry("month")
    if bank.has_expired(card, sandbox.now()):
        raise WrongExpiry("year")
    method["card"] = card


def attach(sandbox: Sandbox, payment_method: dict, customer: dict) -> dict:
    """Refused if the bank refuses the card; 3-D Secure is not asked for here."""
    answer = bank.ask(payment_method, sandbox.now(), at_checkout=True, confirmed=True)
    if not answer.paid:
        raise answer.error()
    payment_method["customer"] = customer["id"]
    sandbox.record("payment_method.attached", sandbox.save(payment_method))
    return payment_method


def detach(sandbox: Sandbox, payment_method: dict) -> dict:
    owner = sandbox.find(payment_method["customer"])
    before = present(payment_method)
    payment_method["customer"] = None
    sandbox.record("payment_method.detached", sandbox.save(payment_method), before)
    if owner and owner["invoice_settings"]["default_payment_method"] == payment_method["id"]:
        set_default_payment_method(sandbox, owner, None)
    return payment_method


def announce_update(
    sandbox: Sandbox, method: dict, before: dict, *, automatically: bool = False
) -> dict:
    """`automatically`: the card's network told of it, and not the customer."""
    sandbox.save(method)
    if present(method) != before:
        kind = "automatically_updated" if automatically else "updated"
        sandbox.record(f"payment_method.{kind}", method, before)
    return method


def hear_from_bank(
    sandbox: Sandbox,
    method: dict,
    *,
    decline_code: str | None = None,
    month: int | None = None,
    year: int | None = None,
) -> dict:
    """A card on file is reported lost ("" takes that back), or its network gives new dates.

    A date in the past is taken as well: the card has expired.
    """
    before = present(method)
    if decline_code is not None:
        method["_decline"] = decline_code or None
    card = method["card"]
    dates = {"exp_month": month or card["exp_month"], "exp_year": year or card["exp_year"]}
    method["card"] = card | dates
    return announce_update(sandbox, method, before, automatically=True)
