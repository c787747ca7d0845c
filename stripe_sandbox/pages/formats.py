"""How pages write money, moments and intervals."""

from datetime import UTC, datetime

SYMBOLS = {"gbp": "£", "eur": "€", "usd": "$"}


def money(amount: int, currency: str = "gbp") -> str:
    symbol = SYMBOLS.get(currency, f"{currency.upper()} ")
    sign = "−" if amount < 0 else ""
    return f"{sign}{symbol}{abs(amount) / 100:,.2f}"


def day(moment: int | None) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%-d %B %Y}" if moment else "–"


def minute(moment: int | None) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%-d %b %Y, %H:%M:%S}" if moment else "–"


def every(price: dict) -> str:
    recurring = price["recurring"]
    if recurring["interval_count"] == 1:
        return f"every {recurring['interval']}"
    return f"every {recurring['interval_count']} {recurring['interval']}s"


def read_expiry(typed: str) -> tuple[int | None, int | None]:
    """Month and year from "12 / 34"; the card's usual dates if nothing was typed."""
    month, _, year = typed.partition("/")
    if not (month.strip().isdecimal() and year.strip().isdecimal()):
        return None, None
    return int(month), 2000 + int(year) % 100


def percent(value: float) -> str:
    return f"{value:g} %"


FILTERS = {"money": money, "day": day, "minute": minute, "every": every, "percent": percent}
