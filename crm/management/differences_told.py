"""A difference as lines for people, and as JSON for programs."""

import json
from datetime import date
from itertools import takewhile
from typing import Any
from uuid import UUID

from crm.mirror.rows import Awaited
from crm.proof.differences import AT_REPAIR, Difference

LONGEST_TEXT = 60
LEAD = 15  # so much of what two long texts share is shown before they part


def as_lines(difference: Difference) -> str:
    """Return who differs and why; under it each column: the record's value -> the source's.

    A column that is empty on both sides, as of a missing record, is left out.
    """
    head = (
        f"{difference.entity.value} {difference.kind.label.lower()}: "
        f"{_on_one_line(difference.called)} "
        f"({difference.mirror} {_on_one_line(str(difference.key))}), "
        f"{difference.cause.label.lower()}"
    )
    told = {name: pair for name, pair in difference.changes.items() if pair != (None, None)}
    width = max(map(len, told), default=0)
    return "\n".join([head, *(f"    {name:<{width}}  {_pair(*told[name])}" for name in told)])


def as_json(difference: Difference) -> dict[str, Any]:
    return {
        "entity": difference.entity.value,
        "mirror": difference.mirror,
        "kind": difference.kind.value,
        "key": difference.key,
        "record": _plain(difference.record_id),
        "called": difference.called,
        "cause": difference.cause.value,
        "changes": {
            name: [_plain(old), _plain(new)] for name, (old, new) in difference.changes.items()
        },
    }


def _pair(old: Any, new: Any) -> str:
    shared = 0
    if isinstance(old, str) and isinstance(new, str):
        pairs = zip(old, new, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return f"{_value(old, shared)} -> {_value(new, shared)}"


def _value(value: Any, shared: int) -> str:
    if value is None:
        return "nothing"
    if not isinstance(value, str) or value == AT_REPAIR:
        return str(_plain(value))
    begin = max(0, shared - LEAD) if len(value) > LONGEST_TEXT else 0
    shown = value[begin : begin + LONGEST_TEXT]
    before, after = "..." if begin else "", "..." if len(value) > begin + LONGEST_TEXT else ""
    return before + _spelt_out(json.dumps(shown, ensure_ascii=False)) + after


def _on_one_line(text: str) -> str:
    """Cut it, and spell out what a terminal would obey rather than show."""
    shown = text[:LONGEST_TEXT] + ("..." if len(text) > LONGEST_TEXT else "")
    return _spelt_out(shown)


def _spelt_out(text: str) -> str:
    return "".join(sign if sign.isprintable() else f"<U+{ord(sign):04X}>" for sign in text)


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, Awaited)) else value
