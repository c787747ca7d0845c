"""Two values of one column, cut so that a person sees at once where they differ."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from os.path import commonprefix
from typing import Any
from uuid import UUID

from django.db.models import Field, ForeignKey, Model
from django.utils.text import capfirst

from accounts.admin_columns import day, moment, money
from crm.mirror import MIRRORS
from crm.models import Contact, PropertyRecord
from crm.proof.differences import Difference, Kind

CONTEXT = 40  # characters shown on either side of where two texts differ
LONGEST_PART = 160
LONGEST_WHOLE = 4_000  # a page of differences stays light; the record has the rest
NAMED = (Contact, PropertyRecord)
HIDDEN = {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}  # Unicode's controls and separators
STILL_TO_BE_MADE = "a record still to be made"  # what a reference is going to point at
LABELS = {"source_deleted_at": "Marked as deleted"}


@dataclass(frozen=True)
class Side:
    """A value as shown: `lead` and `tail` are as on the other side, `part` is not.

    `whole` is the full text where something was cut; `absent` says in words that there is none.
    """

    part: str = ""
    lead: str = ""
    tail: str = ""
    whole: str = ""
    absent: str = ""


@dataclass(frozen=True)
class Column:
    label: str
    before: Side
    after: Side


def columns(difference: Difference, names: Mapping[UUID, str]) -> list[Column]:
    """Return what differs, column by column; of a missing record, only what has a value."""
    is_new = difference.kind == Kind.MISSING
    changes = {
        name: pair for name, pair in difference.changes.items() if not is_new or _is_said(pair[1])
    }
    fields = MIRRORS[difference.mirror].record._meta
    return [
        Column(_label(fields.get_field(name)), *contrast(*pair, fields.get_field(name), names))
        for name, pair in changes.items()
    ]


def names_of(differences: Iterable[Difference]) -> dict[UUID, str]:
    """Return what these differences refer to is called: a query for each kind of record."""
    wanted: dict[type[Model], set[UUID]] = {model: set() for model in NAMED}
    for difference in differences:
        for name, pair in difference.changes.items():
            field = MIRRORS[difference.mirror].record._meta.get_field(name)
            if isinstance(field, ForeignKey) and field.related_model in wanted:
                ids = (value for value in pair if isinstance(value, UUID))
                wanted[field.related_model].update(ids)
    found = (model._base_manager.in_bulk(keys) for model, keys in wanted.items() if keys)
    return {key: str(row) for rows in found for key, row in rows.items()}


def contrast(before: Any, after: Any, field: Field, names: Mapping[UUID, str]) -> tuple[Side, Side]:
    texts = [_in_words(value, field, names) for value in (before, after)]
    if texts[0] == texts[1]:  # they differ in what words leave out: seconds, or the kind of blank
        texts = ["" if value is None else str(value) for value in (before, after)]
    texts = [_visible(text) for text in texts]
    lead, tail = _in_common(*texts) if isinstance(after or before, str) else (0, 0)
    if not (lead or tail):  # nothing will be marked, so what stands at the ends would not be seen
        texts = [_with_ends(text) for text in texts]
    sides = (_side(text, lead, tail) for text in texts)
    one, other = (
        side if _is_said(value) else Side(absent="nothing" if value is None else "empty")
        for side, value in zip(sides, (before, after), strict=True)
    )
    return one, other


# --- Words ------------------------------------------------------------------------------------


def _is_said(value: Any) -> bool:
    return value not in (None, "")


def _label(field: Field) -> str:
    words = LABELS.get(field.name, str(field.verbose_name))
    return capfirst(words.replace(" (pence)", ""))


def _in_words(value: Any, field: Field, names: Mapping[UUID, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, UUID):
        return names.get(value, STILL_TO_BE_MADE)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if field.name.endswith("_pence") and isinstance(value, int):
        return money(value)
    return str(dict(field.flatchoices or ()).get(value, value))


def _visible(text: str) -> str:
    """Spell out what cannot be seen, or turns the text after it round: that may be all there is."""
    return "".join(_code(sign) if _is_hidden(sign) else sign for sign in text)


def _code(sign: str) -> str:
    return f"⟨U+{ord(sign):04X}⟩"


def _with_ends(text: str) -> str:
    """Spell out the blanks before and after a text."""
    core = text.strip()
    first, _, last = text.partition(core) if core else (text, "", "")
    return "".join(map(_blank, first)) + core + "".join(map(_blank, last))


def _blank(sign: str) -> str:
    return "⟨space⟩" if sign == " " else _code(sign)


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in HIDDEN and sign not in "\n\r\t"


# --- Where they differ ------------------------------------------------------------------------


def _in_common(one: str, other: str) -> tuple[int, int]:
    """Return how much two texts share at their ends; nothing where that is less than half."""
    lead = len(commonprefix([one, other]))
    tail = len(commonprefix([one[lead:][::-1], other[lead:][::-1]]))
    is_much = 2 * (lead + tail) >= max(len(one), len(other))
    return (lead, tail) if is_much else (0, 0)


def _side(text: str, lead: int, tail: int) -> Side:
    end = len(text) - tail
    first, part, last = text[:lead], text[lead:end], text[end:]
    shown = Side(
        part=part if len(part) <= LONGEST_PART else f"{part[:LONGEST_PART]}…",
        lead=first if len(first) <= CONTEXT else f"…{first[-CONTEXT:]}",
        tail=last if len(last) <= CONTEXT else f"{last[:CONTEXT]}…",
    )
    if shown.lead + shown.part + shown.tail == text:
        return shown
    whole = text if len(text) <= LONGEST_WHOLE else f"{text[:LONGEST_WHOLE]}…"
    return Side(shown.part, shown.lead, shown.tail, whole)
