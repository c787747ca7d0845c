"""Disputes: a cardholder asks the bank for the money back."""

from stripe_sandbox.billing.ledger import enter_dispute, enter_won_dispute
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.timetable import RULES

ANSWER_SECONDS = 9 * 86_400
OPEN = {"needs_response", "under_review"}


def open_dispute(
    sandbox: Sandbox, charge: dict, reason: str = "fraudulent", amount: int | None = None
) -> dict:
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    require_disputable(charge, amount, left)
    card = charge["payment_method_details"]["card"]
    dispute = sandbox.create(
        "dispute",
        "du",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        payment_method_details={"type": "card", "card": describe(card)},
        reason=reason,
    )
    dispute["evidence_details"]["due_by"] = sandbox.now() + ANSWER_SECONDS
    charge.update(disputed=True, _dispute_at=None)
    sandbox.save(charge)
    sandbox.record("charge.dispute.created", dispute)
    note_money(dispute, enter_dispute(sandbox, dispute))
    sandbox.record("charge.dispute.funds_withdrawn", sandbox.save(dispute))
    return dispute


def require_disputable(charge: dict, amount: int, left: int) -> None:
    if not charge["paid"] or charge["disputed"]:
        raise ParameterInvalid("charge", "This charge was not paid, or is disputed already.")
    if not 0 < amount <= left:
        raise ParameterInvalid("amount", f"Of this charge {left} can be disputed.")


def describe(card: dict) -> dict:
    return {
        "brand": card["brand"],
        "case_type": "chargeback",
        "network": card["network"],
        "network_reason_code": "10.4",
    }


def note_money(dispute: dict, transaction: dict) -> None:
    dispute["balance_transactions"] = [*dispute["balance_transactions"], present(transaction)]


def close(sandbox: Sandbox, dispute: dict, *, won: bool) -> dict:
    if dispute["status"] not in OPEN:
        message = f"This dispute is already {dispute['status']}."
        raise ParameterInvalid("dispute", message)
    dispute["status"] = "won" if won else "lost"
    if won:
        note_money(dispute, enter_won_dispute(sandbox, dispute))
    sandbox.record("charge.dispute.closed", sandbox.save(dispute))
    if won:
        sandbox.record("charge.dispute.funds_reinstated", dispute)
    return dispute


def due_at(charge: dict) -> int | None:
    return None if charge["refunded"] else charge.get("_dispute_at")


RULES["charge"] = (due_at, open_dispute)
