"""What commands take as arguments: each either a value or a sentence that says what is wrong."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date, datetime

from django.utils import timezone

from accounts.london import LONDON, start_of_day


def past_moment(text: str) -> datetime:
    """Read a London day, as its beginning, or a moment; one without a zone is London's."""
    try:
        moment = _moment(text.strip())
    except ValueError:
        raise ArgumentTypeError(
            f"'{text}' is neither a day such as 2026-11-20 nor a moment such as 2026-11-20T14:30."
        ) from None
    if moment > timezone.now():
        raise ArgumentTypeError(f"{text} lies in the future.")
    return moment


def _moment(text: str) -> datetime:
    try:
        return start_of_day(date.fromisoformat(text))
    except ValueError:
        moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def number_between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if text.strip().isdecimal() and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"'{text}' is not a number from {least:,} to {most:,}.")

    return number
