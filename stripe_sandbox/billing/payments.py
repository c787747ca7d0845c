"""Charging a card: the payment intent and its charges."""

from stripe_sandbox.billing.ledger import enter_charge
from stripe_sandbox.billing.payment_methods import card_of
from stripe_sandbox.cards import Card
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.shapes.payments import charged_card, outcome


def create_intent(
    sandbox: Sandbox, *, amount: int, currency: str, customer: str | None, **fields
) -> dict:
    intent = sandbox.create(
        "payment_intent", "pi", amount=amount, currency=currency, customer=customer, **fields
    )
    secret = sandbox.derive_text(f"secret/{intent['id']}", 24, "0123456789abcdef")
    intent["client_secret"] = f"{intent['id']}_secret_{secret}"
    return sandbox.save(intent)


def charge_intent(
    sandbox: Sandbox, intent: dict, payment_method: dict, *, at_checkout: bool
) -> dict:
    """Try `payment_method` once; the charge says how it went."""
    card = card_of(payment_method)
    paid = card.pays(at_checkout=at_checkout)
    charge = create_charge(sandbox, intent, payment_method, paid=paid)
    intent.update(latest_charge=charge["id"], payment_method=payment_method["id"])
    if paid:
        settle_charge(sandbox, intent, charge)
    else:
        refuse_charge(sandbox, intent, charge, payment_method)
    return charge


def create_charge(sandbox: Sandbox, intent: dict, payment_method: dict, *, paid: bool) -> dict:
    charge = sandbox.create(
        "charge",
        "ch",
        amount=intent["amount"],
        billing_details=payment_method["billing_details"],
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        outcome=outcome(card_of(payment_method), paid=paid),
        payment_intent=intent["id"],
        payment_method=payment_method["id"],
        payment_method_details=charged_card(payment_method, intent["amount"]),
    )
    charge["refunds"]["url"] = f"/v1/charges/{charge['id']}/refunds"
    return charge


def settle_charge(sandbox: Sandbox, intent: dict, charge: dict) -> None:
    transaction = enter_charge(sandbox, charge)
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
    charge["balance_transaction"] = transaction["id"]
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    if sandbox_card(sandbox, charge).disputed:
        charge["_dispute_at"] = sandbox.now()
    sandbox.record("charge.succeeded", sandbox.save(charge))
    sandbox.record("payment_intent.succeeded", sandbox.save(intent))


def sandbox_card(sandbox: Sandbox, charge: dict) -> Card:
    return card_of(sandbox.get("payment_method", charge["payment_method"]))


def refuse_charge(sandbox: Sandbox, intent: dict, charge: dict, payment_method: dict) -> None:
    message = "Your card was declined."
    charge.update(status="failed", failure_code="card_declined", failure_message=message)
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {
        "charge": charge["id"],
        "code": "card_declined",
        "decline_code": card_of(payment_method).decline_code,
        "message": message,
        "payment_method": present(payment_method),
        "type": "card_error",
    }
    sandbox.record("charge.failed", sandbox.save(charge))
    sandbox.record("payment_intent.payment_failed", sandbox.save(intent))
