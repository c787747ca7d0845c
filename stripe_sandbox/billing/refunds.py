"""Giving money back."""

from stripe_sandbox.billing.ledger import enter_refund
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox


def refund(sandbox: Sandbox, charge: dict, amount: int | None, **fields) -> dict:
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    require_refundable(charge, amount, left)
    obj = sandbox.create(
        "refund",
        "re",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        **fields,
    )
    obj["balance_transaction"] = enter_refund(sandbox, obj)["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    sandbox.record("refund.created", sandbox.save(obj))
    sandbox.record("charge.refunded", sandbox.save(charge))
    return obj


def require_refundable(charge: dict, amount: int, left: int) -> None:
    if not charge["paid"]:
        raise ParameterInvalid("charge", "This charge was not paid.", "charge_not_refundable")
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise ParameterInvalid("charge", message, "charge_disputed")
    if not left:
        message = f"Charge {charge['id']} has already been refunded."
        raise ParameterInvalid("charge", message, "charge_already_refunded")
    if not 0 < amount <= left:
        message = f"Refund amount ({amount}) is greater than what is left of the charge ({left})."
        raise ParameterInvalid("amount", message)
