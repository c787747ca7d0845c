"""Statements that PostgreSQL plans once a connection, where the plan costs more than the work."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

# The names that each open connection knows.
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class PreparedStatement:
    """SQL with `$1`, `$2` ... of the given types; `name` is what the database knows it by."""

    def __init__(self, name: str, types: Sequence[str], sql: str) -> None:
        self.name = name
        self.prepare = f"PREPARE {name} ({', '.join(types)}) AS {sql}"
        slots = ", ".join(f"%s::{kind}" for kind in types)
        self.execute = f"EXECUTE {name} ({slots})"

    def run(self, cursor: CursorWrapper, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run it with the values, in the order of the types. Call it inside a transaction."""
        known = _known.setdefault(connection.connection, set())
        if self.name not in known:
            cursor.execute(self.prepare)
            known.add(self.name)
        cursor.execute(self.execute, list(values.values()))
        rows = cursor.fetchall()
        if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            # Django's flag for a pooler that may hand the next transaction another connection.
            cursor.execute(f"DEALLOCATE {self.name}")
            known.discard(self.name)
        return rows
