"""What an address asks a figure for, and the address of what is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from billing.models import Cycle, EndReason, Movement
from crm.figures.base import Figure, Scope
from crm.figures.listing import cycle_name, reason_name, tier_name
from crm.figures.money import FLOWS

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
FIRST_MONTH = "2000-01"
LONGEST_TIER = 20


class NotAskable(Exception):
    """The address asks for what there is not. Its text says so in a sentence."""


@dataclass(frozen=True)
class Asked:
    """`note` says what was made of an address that could not be taken as it is."""

    scope: Scope
    note: str = ""


def asked(figure: Figure, given: Mapping[str, str], today: date) -> Asked:
    """Read an address. A month that is none becomes the running one, with a note.

    Raises NotAskable for details that the figure does not have.
    """
    month, note = _month(given.get("month", ""), today)
    scope = Scope(month, today, {name: _detail(name, given) for name in figure.details})
    if scope.details.get("cohort", "") > month_text(month):
        raise NotAskable("The members of a cohort cannot be counted before its month.")
    return Asked(scope, note)


def _month(text: str, today: date) -> tuple[date, str]:
    running = today.replace(day=1)
    if not text:
        return running, ""
    month = _read_month(text)
    if month is None:
        return running, "The address names no month, so this is the month that runs."
    if month > running:
        return running, "The month in the address has not begun, so this is the month that runs."
    return month, ""


def _read_month(text: str) -> date | None:
    found = MONTH.fullmatch(text)
    if not found or text < FIRST_MONTH:
        return None
    return date(int(found[1]), int(found[2]), 1)


def _detail(name: str, given: Mapping[str, str]) -> str:
    title, known = DETAILS[name]
    value = given.get(name)
    if value is None:
        raise NotAskable(f"The address does not say of which {title}.")
    if not known(value):
        raise NotAskable(f"The address asks for a {title} that there is not.")
    return value


DETAILS = {
    "kind": ("kind of movement", Movement.values.__contains__),
    "flow": ("kind of payment", FLOWS.__contains__),
    "tier": ("tier", lambda text: len(text) <= LONGEST_TIER and "\x00" not in text),
    "cycle": ("cycle", {*Cycle.values, ""}.__contains__),
    "reason": ("reason", {*EndReason.values, ""}.__contains__),
    "cohort": ("cohort", lambda text: _read_month(text) is not None),
}
IN_WORDS = {
    "kind": lambda text: Movement(text).label,
    "flow": lambda text: FLOWS[text],
    "tier": tier_name,
    "cycle": cycle_name,
    "reason": reason_name,
    "cohort": lambda text: f"first paid in {_read_month(text):%B %Y}",
}


def title_of(figure: Figure, scope: Scope) -> str:
    """Return the figure's title with the details it was asked for, in words."""
    details = [IN_WORDS[name](value) for name, value in scope.details.items()]
    return f"{figure.title}: {', '.join(details)}" if details else figure.title


def month_text(month: date) -> str:
    return f"{month:%Y-%m}"


def address(
    figure_id: str, month: date, details: Mapping[str, str], *, page: str = "crm_figure"
) -> str:
    path = reverse(f"admin:{page}", args=[figure_id])
    return f"{path}?{urlencode({'month': month_text(month), **details})}"
