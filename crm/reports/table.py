"""Columns and rows, as reports and the figures' lists have them: shown, and written to a file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.timezone import localtime

from accounts.admin_columns import NOTHING, day, moment, money

# By the columns' names; "url", where it is there, leads to what the row is about.
Row = dict[str, Any]


class Kind(Enum):
    """What the values of a column are. None is shown as a dash, and is an empty cell in a file."""

    TEXT = "text"
    COUNT = "count"
    PENCE = "pence"
    SHARE = "share"  # a Fraction or Decimal: 0.05 is five per cent
    DAY = "day"
    MOMENT = "moment"
    PERIOD = "period"  # a month, or the part of one that was asked for: see months.py
    HOURS = "hours"  # a Fraction


@dataclass(frozen=True)
class Column:
    name: str
    title: str
    kind: Kind = Kind.TEXT
    adds_up: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in {Kind.COUNT, Kind.PENCE, Kind.SHARE, Kind.HOURS}

    def shown(self, value: Any) -> str:
        """Return the value as a person reads it."""
        if value is None:
            return NOTHING
        return SHOWN[self.kind](value)

    def written(self, value: Any) -> Any:
        """Return the value for a file: pounds as a Decimal, shares as such, London days."""
        if value is None:
            return ""
        return WRITTEN[self.kind](value)

    def plain(self, value: Any) -> Any:
        """Return the value for JSON: whole pence, ISO days, and text as it is."""
        if value is None:
            return None
        if self.kind in {Kind.SHARE, Kind.HOURS}:
            return float(WRITTEN[self.kind](value))
        return value if self.kind in {Kind.COUNT, Kind.PENCE} else self.as_text(value)

    def as_text(self, value: Any) -> str:
        """Return a text, a day or a moment as such: in it, nothing is a formula."""
        return str(value) if self.kind is Kind.TEXT else str(self.written(value))


def _share(value: Fraction | Decimal) -> str:
    return f"{_tenths(value)} %"


def _tenths(value: Fraction | Decimal) -> str:
    rounded = int(Fraction(value) * 1000 + Fraction(1, 2))
    return f"{rounded // 10}.{rounded % 10}"


def _exact(value: Fraction | Decimal) -> Decimal:
    share = Fraction(value)
    return round(Decimal(share.numerator) / Decimal(share.denominator), 6)


def _text(value: object) -> str:
    """Text as a spreadsheet may open it: what begins like a formula is no formula.

    A telephone number stays as it is: “+” before digits and spaces calculates nothing.
    """
    text = str(value)
    if PHONE.fullmatch(text) or not text.startswith(FORMULA_BEGINS):
        return text
    return f"'{text}"


def _hours(value: Fraction) -> str:
    return f"{_tenths(Fraction(value) / 100)} h"


# The wide forms are signs of a formula too, where East Asian characters are typed.
FORMULA_BEGINS = tuple("=+-@\t\r\n＝＋－＠")
PHONE = re.compile(r"\+[0-9][0-9 ]*")
SHOWN = {
    Kind.TEXT: str,
    Kind.COUNT: intcomma,
    Kind.PENCE: money,
    Kind.SHARE: _share,
    Kind.DAY: day,
    Kind.MOMENT: moment,
    Kind.PERIOD: str,
    Kind.HOURS: _hours,
}
WRITTEN = {
    Kind.TEXT: _text,
    Kind.COUNT: int,
    Kind.PENCE: lambda pence: Decimal(pence) / 100,
    Kind.SHARE: _exact,
    Kind.DAY: lambda value: london_day(value).isoformat(),
    Kind.MOMENT: lambda value: localtime(value).isoformat(sep=" ", timespec="minutes"),
    Kind.PERIOD: lambda value: value.iso,
    Kind.HOURS: lambda value: round(Decimal(value.numerator) / Decimal(value.denominator), 2),
}


def london_day(value: date | datetime) -> date:
    return localtime(value).date() if isinstance(value, datetime) else value


def totals(columns: Iterable[Column], rows: Iterable[Row]) -> Row:
    """Return the sums of the columns that add up; what is unknown (None) adds nothing."""
    sums = {column.name: 0 for column in columns if column.adds_up}
    for row in rows:
        for name in sums:
            sums[name] += row.get(name) or 0
    return sums
