"""What things cost: net, tax and the processing fee, in whole pence."""

from decimal import ROUND_HALF_UP, Decimal

FEE_PERCENT = Decimal("1.5")
FEE_FIXED = 20


def percent_of(amount: int, percentage: float | Decimal) -> int:
    return round_half_up(amount * Decimal(str(percentage)) / 100)


def round_half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def processing_fee(amount: int) -> int:
    return percent_of(amount, FEE_PERCENT) + FEE_FIXED


def taxes_on(amount: int, rates: list[dict]) -> list[dict]:
    return [tax_on(amount, rate) for rate in rates]


def tax_on(amount: int, rate: dict) -> dict:
    percentage = Decimal(str(rate["percentage"]))
    tax = percent_of(amount, percentage)
    if rate["inclusive"]:
        tax = round_half_up(amount * percentage / (100 + percentage))
    return {
        "amount": tax,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": "not_available",
        "taxable_amount": amount - tax if rate["inclusive"] else amount,
        "type": "tax_rate_details",
    }


def add_up(taxes: list[dict], behavior: str) -> int:
    return sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == behavior)
