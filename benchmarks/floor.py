"""The least that a backfill could do: one INSERT ... SELECT ... ON CONFLICT of the same rows."""

import time
from functools import cached_property

from django.db import connection, transaction

from crm.mirror import MIRRORS
from crm.mirror.statement import SyncStatement


class Floor(SyncStatement):
    """A mirror's own INSERT, fed by its projection alone: nothing compared, nothing logged."""

    def seconds(self) -> float:
        """Write all records of the mirror at once, return how long it took, and undo it."""
        with transaction.atomic(), connection.cursor() as cursor:
            began = time.perf_counter()
            cursor.execute(f"WITH {self._stale} {self._upsert}", self._constants)
            if connection.vendor == "postgresql":
                # References are checked at the commit, which this does not come to.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            took = time.perf_counter() - began
            transaction.set_rollback(True)
        return took

    @cached_property
    def _stale(self) -> str:
        new = ", ".join(f"{self._cast(name)} AS new_{name}" for name in self.fields)
        return (
            f"stale AS (SELECT {self._new_id} AS entity_id, {new} FROM ({self._projection[0]}) p)"
        )

    def _slot(self, name: str) -> str:
        return "''"


def seconds(name: str) -> float:
    took = Floor(MIRRORS[name]).seconds()
    tidy()
    return took


def tidy() -> None:
    """Leave nothing for later that the database would do while the next step is measured."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
