"""Cards on file."""

from stripe_sandbox.billing.customers import set_default_payment_method
from stripe_sandbox.cards import CARDS, Card, find_card
from stripe_sandbox.errors import CardDeclined
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes.payments import billing_details, card_details


def create_payment_method(sandbox: Sandbox, number: str, details: dict | None = None) -> dict:
    card = find_card(number)
    return sandbox.create(
        "payment_method",
        "pm",
        billing_details=billing_details() | (details or {}),
        card=card_details(card),
        _card_number=card.number,
    )


def card_of(payment_method: dict) -> Card:
    return CARDS[payment_method["_card_number"]]


def attach(sandbox: Sandbox, payment_method: dict, customer: dict) -> dict:
    card = card_of(payment_method)
    if not card.pays_at_checkout:
        raise CardDeclined("Your card was declined.", card.decline_code)
    payment_method["customer"] = customer["id"]
    sandbox.record("payment_method.attached", sandbox.save(payment_method))
    return payment_method


def detach(sandbox: Sandbox, payment_method: dict) -> dict:
    owner = sandbox.find(payment_method["customer"])
    payment_method["customer"] = None
    sandbox.record("payment_method.detached", sandbox.save(payment_method))
    if owner and owner["invoice_settings"]["default_payment_method"] == payment_method["id"]:
        set_default_payment_method(sandbox, owner, None)
    return payment_method
