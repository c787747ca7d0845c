"""Statements that PostgreSQL plans once a connection, where the plan costs more than the work."""

import uuid
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
        self.sql = f"({', '.join(types)}) AS {sql}"
        self.slots = f"({', '.join(f'%s::{kind}' for kind in types)})"

    def run(self, cursor: CursorWrapper, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run it with the values, in the order of the types. Call it inside a transaction."""
        if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return self._run_behind_pooler(cursor, values)
        known = _known.setdefault(connection.connection, set())
        if self.name not in known:
            cursor.execute(f"PREPARE {self.name} {self.sql}")
            known.add(self.name)
        return self._execute(cursor, self.name, values)

    def _run_behind_pooler(
        self, cursor: CursorWrapper, values: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        """Prepare it for this once: the next transaction may get another connection.

        The name is used once too. A run that fails cannot take it back, and must not leave one
        that a later run would trip over.
        """
        name = f"{self.name}_{uuid.uuid4().hex}"
        cursor.execute(f"PREPARE {name} {self.sql}")
        rows = self._execute(cursor, name, values)
        cursor.execute(f"DEALLOCATE {name}")
        return rows

    def _execute(
        self, cursor: CursorWrapper, name: str, values: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        cursor.execute(f"EXECUTE {name} {self.slots}", list(values.values()))
        return cursor.fetchall()
