"""The customer's balance: what they have in credit (negative) or owe from small sums."""

from stripe_sandbox.billing.customers import change_customer
from stripe_sandbox.sandbox import Sandbox

# Stripe charges no card with less, and carries it over to the next invoice.
SMALLEST_CHARGE = 30


def money_due(total: int, balance: int) -> tuple[int, int]:
    """What is to be paid of an invoice, and the balance after it."""
    due = total + balance
    return (0, due) if due < SMALLEST_CHARGE else (due, 0)


def move(sandbox: Sandbox, customer: dict, amount: int, kind: str, **fields) -> dict:
    """Change the balance by `amount`: negative is in the customer's favour."""
    balance = customer["balance"] + amount
    change_customer(sandbox, customer, balance=balance)
    return sandbox.create(
        "customer_balance_transaction",
        "cbtxn",
        amount=amount,
        currency=customer["currency"] or "gbp",
        customer=customer["id"],
        ending_balance=balance,
        type=kind,
        **fields,
    )


def use_for(sandbox: Sandbox, invoice: dict, customer: dict) -> None:
    """Settle a finalised invoice with the balance, as far as that goes."""
    started = customer["balance"]
    due, ended = money_due(invoice["total"], started)
    if ended != started:
        move(sandbox, customer, ended - started, "applied_to_invoice", invoice=invoice["id"])
    invoice.update(
        starting_balance=started, ending_balance=ended, amount_due=due, amount_remaining=due
    )


def give_back(sandbox: Sandbox, invoice: dict) -> None:
    """A voided invoice returns what it took from the balance."""
    taken = invoice["ending_balance"] - invoice["starting_balance"]
    customer = sandbox.get("customer", invoice["customer"])
    if taken and not customer.get("deleted"):
        move(sandbox, customer, -taken, "unapplied_from_invoice", invoice=invoice["id"])
