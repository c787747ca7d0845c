"""Stripe's own balance: what each payment, refund and dispute did to it."""

from stripe_sandbox.billing.amounts import processing_fee
from stripe_sandbox.sandbox import Sandbox

DISPUTE_FEE = 2000


def enter_charge(sandbox: Sandbox, charge: dict) -> dict:
    return enter(
        sandbox,
        charge,
        charge["amount"],
        processing_fee(charge["amount"]),
        "Stripe processing fees",
        description=charge["description"],
    )


def enter_refund(sandbox: Sandbox, refund: dict) -> dict:
    """Stripe keeps the fee of a payment that is given back."""
    return enter(
        sandbox,
        refund,
        -refund["amount"],
        description="Refund",
        reporting_category="refund",
        type="refund",
    )


def enter_dispute(sandbox: Sandbox, dispute: dict) -> dict:
    return enter(
        sandbox,
        dispute,
        -dispute["amount"],
        DISPUTE_FEE,
        "Dispute fee",
        description=f"Chargeback withdrawal for {dispute['charge']}",
        reporting_category="dispute",
        type="adjustment",
    )


def enter_won_dispute(sandbox: Sandbox, dispute: dict) -> dict:
    return enter(
        sandbox,
        dispute,
        dispute["amount"],
        description=f"Chargeback reversal for {dispute['charge']}",
        reporting_category="dispute_reversal",
        type="adjustment",
    )


def enter(
    sandbox: Sandbox, source: dict, amount: int, fee: int = 0, words: str = "", **fields
) -> dict:
    detail = {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": words,
        "type": "stripe_fee",
    }
    return sandbox.create(
        "balance_transaction",
        "txn",
        amount=amount,
        available_on=sandbox.now(),
        currency=source["currency"],
        fee=fee,
        fee_details=[detail] if fee else [],
        net=amount - fee,
        source=source["id"],
        **fields,
    )
