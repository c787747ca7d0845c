"""Statements that PostgreSQL plans once a connection, where the plan costs more than the work."""

import uuid
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

from crm.mirror.patience import KEEP_AND_LIMIT, PUT_BACK

# The names that each open connection knows.
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class PreparedStatement:
    """SQL with `$1`, `$2` ... of the given types; `name` is what the database knows it by."""

    def __init__(self, name: str, types: Sequence[str], sql: str) -> None:
        self.name = name
        self.sql = f"({', '.join(types)}) AS {sql}"
        self.slots = f"({', '.join(f'%s::{kind}' for kind in types)})"

    def run(
        self, cursor: CursorWrapper, values: dict[str, Any], *, before: str
    ) -> list[tuple[Any, ...]]:
        """Run it with the values, in the order of the types. Call it inside a transaction.

        `before` is a statement that goes ahead of it in the same message, which saves a round
        trip. It may set a limit to waiting; that is put back afterwards.
        """
        if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return self._run_behind_pooler(cursor, values, before)
        known = _known.setdefault(connection.connection, set())
        if self.name not in known:
            self._prepare(cursor, self.name)
            known.add(self.name)
        return self._execute(cursor, self.name, values, before)

    def _run_behind_pooler(
        self, cursor: CursorWrapper, values: dict[str, Any], before: str
    ) -> list[tuple[Any, ...]]:
        """Prepare it for this once: the next transaction may get another connection.

        The name is used once too. A run that fails cannot take it back, and must not leave one
        that a later run would trip over.
        """
        name = f"{self.name}_{uuid.uuid4().hex}"
        self._prepare(cursor, name)
        rows = self._execute(cursor, name, values, before)
        cursor.execute(f"DEALLOCATE {name}")
        return rows

    def _prepare(self, cursor: CursorWrapper, name: str) -> None:
        cursor.execute(f"SELECT {KEEP_AND_LIMIT}; PREPARE {name} {self.sql}; {PUT_BACK}")

    def _execute(
        self, cursor: CursorWrapper, name: str, values: dict[str, Any], before: str
    ) -> list[tuple[Any, ...]]:
        slots = connection.ops.compose_sql(self.slots, list(values.values()))
        # Without parameters of its own, a message may hold several statements.
        cursor.execute(f"{before}; EXECUTE {name} {slots}; {PUT_BACK}")
        cursor.nextset()
        return cursor.fetchall()
