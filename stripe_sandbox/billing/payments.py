"""Charging a card: the payment intent and its charges."""

from stripe_sandbox.billing import bank
from stripe_sandbox.billing.ledger import enter_charge
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
    sandbox: Sandbox,
    intent: dict,
    payment_method: dict,
    *,
    at_checkout: bool = False,
    confirmed: bool = False,
) -> bank.Answer:
    """Try `payment_method` once. What must be confirmed first is not charged yet."""
    answer = bank.ask(payment_method, sandbox.now(), at_checkout=at_checkout, confirmed=confirmed)
    intent["payment_method"] = payment_method["id"]
    if answer.result == bank.ASKS:
        ask_for_confirmation(sandbox, intent)
        return answer
    charge = create_charge(sandbox, intent, payment_method, answer)
    intent.update(latest_charge=charge["id"], next_action=None)
    if answer.paid:
        settle_charge(sandbox, intent, charge, payment_method)
    else:
        refuse_charge(sandbox, intent, charge, payment_method, answer)
    return answer


def ask_for_confirmation(sandbox: Sandbox, intent: dict) -> None:
    intent.update(status="requires_action", last_payment_error=None)
    intent["next_action"] = {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "three_d_secure_redirect"},
    }
    sandbox.record("payment_intent.requires_action", sandbox.save(intent))


def fail_confirmation(sandbox: Sandbox, intent: dict) -> None:
    """The customer could not, or would not, authenticate."""
    method = sandbox.get("payment_method", intent["payment_method"])
    intent.update(status="requires_payment_method", next_action=None)
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication.",
        "payment_method": present(method),
        "type": "invalid_request_error",
    }
    sandbox.record("payment_intent.payment_failed", sandbox.save(intent))


def create_charge(
    sandbox: Sandbox, intent: dict, payment_method: dict, answer: bank.Answer
) -> dict:
    return sandbox.create(
        "charge",
        "ch",
        amount=intent["amount"],
        billing_details=payment_method["billing_details"],
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        outcome=outcome(answer.decline_code),
        payment_intent=intent["id"],
        payment_method=payment_method["id"],
        payment_method_details=charged_card(payment_method, intent["amount"]),
    )


def settle_charge(sandbox: Sandbox, intent: dict, charge: dict, payment_method: dict) -> None:
    transaction = enter_charge(sandbox, charge)
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
    charge["balance_transaction"] = transaction["id"]
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    if bank.card_of(payment_method).disputed:
        charge["_dispute_at"] = sandbox.now()
    sandbox.record("charge.succeeded", sandbox.save(charge))
    sandbox.record("payment_intent.succeeded", sandbox.save(intent))


def refuse_charge(
    sandbox: Sandbox, intent: dict, charge: dict, payment_method: dict, answer: bank.Answer
) -> None:
    charge.update(status="failed", failure_code=answer.code, failure_message=answer.message)
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {
        "charge": charge["id"],
        "code": answer.code,
        "decline_code": answer.decline_code,
        "message": answer.message,
        "payment_method": present(payment_method),
        "type": "card_error",
    }
    sandbox.record("charge.failed", sandbox.save(charge))
    sandbox.record("payment_intent.payment_failed", sandbox.save(intent))
