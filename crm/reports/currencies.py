"""Amounts in other currencies: shown in a column of their own, and never added."""

from billing.state import OUR_CURRENCY
from crm.reports.table import Column

ELSEWHERE = Column("elsewhere", "In another currency")
# Of these Stripe counts whole units: https://docs.stripe.com/currencies#zero-decimal
WITHOUT_HUNDREDTHS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()
)


def in_words(currency: str, amount: int) -> str:
    """Write an amount in a currency's smallest unit: “EUR 1,200.50”."""
    if currency in WITHOUT_HUNDREDTHS:
        return f"{currency.upper()} {amount:,}"
    sign = "-" if amount < 0 else ""
    whole, odd = divmod(abs(amount), 100)
    return f"{currency.upper()} {sign}{whole:,}.{odd:02d}"


def pounds_only(currency: str, amount: int | None) -> int | None:
    return amount if currency == OUR_CURRENCY else None


def elsewhere(currency: str, amount: int) -> str | None:
    return None if currency == OUR_CURRENCY else in_words(currency, amount)
