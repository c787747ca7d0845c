"""The SQL that brings records into line with their sources, made once from a declaration.

One statement compares, writes and logs, for one row as for a million. PostgreSQL runs it as one
snapshot; SQLite, which cannot write inside a WITH, runs its parts one after the other under the
write lock that its transaction holds. Either way a record and its log entry cannot disagree.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import IntegerField

from accounts.actor import current_actor
from crm.mirror.among import as_array
from crm.mirror.history import cause_of_repair
from crm.mirror.log_sql import LogEntry
from crm.mirror.patience import KEEP_AND_LIMIT, PUT_BACK
from crm.mirror.prepared import PreparedStatement
from crm.mirror.rows import WRITTEN, Found, Key

if TYPE_CHECKING:
    from crm.mirror.base import Mirror

# PostgreSQL: one writer of a record at a time, up to its commit. Without this, the later of two
# could write the source as it saw it before the earlier one's change. A statement sees what was
# committed before it began, so the lock has to be a statement of its own. A large batch locks the
# whole kind, because each lock takes a place in the server's memory. The plan setting matters to
# prepared statements alone: left to itself, PostgreSQL would plan anew at each call, for it cannot
# know how few keys will come.
FEW = 200
PLAN_ONCE = "set_config('plan_cache_mode', 'force_generic_plan', true)"
LOCK_EACH = f"""
    SELECT {KEEP_AND_LIMIT}, {PLAN_ONCE},
        pg_advisory_xact_lock_shared(hashtextextended(%(name)s, 0)), (
        SELECT count(pg_advisory_xact_lock(hashtextextended(key, 0)))
        FROM (SELECT unnest(%(keys)s::text[]) AS key ORDER BY 1) AS keys
    )"""
LOCK_ALL = (
    f"SELECT {KEEP_AND_LIMIT}, {PLAN_ONCE}, pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"
)
SUMMARY = f"""
    SELECT mirror_key, CASE
        WHEN is_stale AND record_id IS NULL THEN '{Found.CREATED}'
        WHEN is_stale THEN '{Found.UPDATED}'
        WHEN blocked THEN '{Found.BLOCKED}'
        ELSE '{Found.UNCHANGED}' END
    FROM judged"""
# What changes from run to run beside the keys, and its type.
SLOTS = {
    "force": "boolean",
    "now": "timestamptz",
    "salt": "text",
    "actor": "text",
    "origin": "text",
    "cause": "text",
}


class SyncStatement:
    """Compiled from a mirror's declaration; run it with keys, as often as wanted."""

    def __init__(self, mirror: "Mirror") -> None:
        self.mirror = mirror
        self.fields = {name: mirror.record._meta.get_field(name) for name in mirror.columns}
        self.on_postgresql = connection.vendor == "postgresql"

    def run(self, keys: Sequence[Key], *, now: datetime, force: bool = False) -> dict[Key, str]:
        """Write and log what differs among these keys; return what was Found of each source.

        A key without a source is missing from the answer. Sources that the mirror calls blocked
        are left alone unless `force` is set.
        """
        values = self._values(keys, now, force)
        with connection.cursor() as cursor:
            if self.on_postgresql:
                return dict(self._prepared.run(cursor, values, before=self._lock(keys)))
            values |= self._constants
            cursor.execute(f"WITH {self._stale} {SUMMARY}", values)
            found = dict(cursor.fetchall())
            if WRITTEN.intersection(found.values()):
                cursor.execute(f"WITH {self._stale} {self._log}", values)
                cursor.execute(f"WITH {self._stale} {self._upsert}", values)
            return found

    def lock(self, keys: Sequence[Key] | None) -> None:
        """Let nobody else write the records of these keys, or any, before this transaction ends.

        For what has to be read before `run` can be called. On SQLite the transaction does it.
        """
        if self.on_postgresql and (keys is None or keys):
            with connection.cursor() as cursor:
                cursor.execute(f"{self._lock(keys)}; {PUT_BACK}")

    def _values(self, keys: Sequence[Key], now: datetime, force: bool) -> dict[str, Any]:
        """What changes from run to run, in the order of SLOTS."""
        actor = current_actor()
        stamp = connection.ops.adapt_datetimefield_value(now)
        return {
            "keys": as_array(keys) if self.on_postgresql else json.dumps(list(keys)),
            "force": force,
            "now": stamp,
            "salt": "" if self.mirror.has_lasting_id else f":{stamp}",
            "actor": actor.name,
            "origin": actor.origin,
            "cause": cause_of_repair(),
        }

    def _lock(self, keys: Sequence[Key] | None) -> str:
        if keys is None or len(keys) > FEW:
            return connection.ops.compose_sql(LOCK_ALL, {"name": self.mirror.name})
        names = [f"{self.mirror.name}:{key}" for key in keys]
        return connection.ops.compose_sql(LOCK_EACH, {"name": self.mirror.name, "keys": names})

    @cached_property
    def _prepared(self) -> PreparedStatement:
        sql = connection.ops.compose_sql(self._in_one, self._constants)
        key_type = "bigint[]" if isinstance(self.mirror.key_field, IntegerField) else "text[]"
        return PreparedStatement(f"mirror_{self.mirror.name}", [key_type, *SLOTS.values()], sql)

    def _slot(self, name: str) -> str:
        """Where a value that changes from run to run goes."""
        return f"${['keys', *SLOTS].index(name) + 1}" if self.on_postgresql else f"%({name})s"

    # --- The parts --------------------------------------------------------------------------------

    @cached_property
    def _in_one(self) -> str:
        return f"WITH {self._stale}, written AS ({self._upsert}), logged AS ({self._log}) {SUMMARY}"

    @cached_property
    def _projection(self) -> tuple[str, dict[str, Any]]:
        """The projection's SQL, its values turned into named ones."""
        names = ["mirror_key", "called", "blocked", *(f"new_{name}" for name in self.fields)]
        sql, values = self.mirror.projection().values(*names).query.sql_with_params()
        named = {f"p{position}": value for position, value in enumerate(values)}
        return sql % tuple(f"%({name})s" for name in named), named

    @cached_property
    def _constants(self) -> dict[str, Any]:
        return {**self._projection[1], **self._own_defaults, "name": self.mirror.name}

    @cached_property
    def _stale(self) -> str:
        """The sources among the keys whose record is missing or different, old beside new."""
        record = self._table(self.mirror.record)
        link = self._name(self.fields[self.mirror.link].column)
        new = ", ".join(f"{self._cast(name)} AS new_{name}" for name in self.fields)
        old = ", ".join(
            f"r.{self._name(field.column)} AS old_{name}" for name, field in self.fields.items()
        )
        keys = self._slot("keys")
        among = (
            f"= ANY({keys})" if self.on_postgresql else f"IN (SELECT value FROM json_each({keys}))"
        )
        return f"""
            compared AS {self._once} (
                SELECT p.mirror_key, p.called, CAST(p.blocked AS boolean) AS blocked,
                    r.id AS record_id, {new}, {old}
                FROM ({self._projection[0]}) p LEFT JOIN {record} r ON r.{link} = p.mirror_key
                WHERE p.mirror_key {among}
            ),
            judged AS (
                SELECT *, COALESCE(record_id, {self._new_id}) AS entity_id,
                    (NOT blocked OR {self._slot("force")})
                    AND (record_id IS NULL OR {" OR ".join(map(self._differs, self.fields))})
                    AS is_stale
                FROM compared
            ),
            stale AS (
                SELECT * FROM judged WHERE is_stale ORDER BY mirror_key
            )"""

    @cached_property
    def _upsert(self) -> str:
        columns = {"id": "entity_id"}
        columns |= {field.column: f"new_{name}" for name, field in self.fields.items()}
        columns |= {column: f"%({column})s" for column in self._own_defaults}
        updates = ", ".join(
            f"{self._name(field.column)} = EXCLUDED.{self._name(field.column)}"
            for field in self.fields.values()
        )
        return (
            f"INSERT INTO {self._table(self.mirror.record)} "
            f"({', '.join(map(self._name, columns))}) "
            f"SELECT {', '.join(columns.values())} FROM stale WHERE true "
            f"ON CONFLICT ({self._name(self.mirror.conflict)}) DO UPDATE SET {updates}"
        )

    @cached_property
    def _log(self) -> str:
        entry = LogEntry(self.mirror, self.fields, self._differs, on_postgresql=self.on_postgresql)
        return entry.insert(
            {name: self._slot(name) for name in ("actor", "origin", "cause", "now")}
        )

    # --- Pieces of SQL ----------------------------------------------------------------------------

    @property
    def _once(self) -> str:
        """Keep PostgreSQL from working out each column anew wherever it is mentioned."""
        return "MATERIALIZED" if self.on_postgresql else ""

    @cached_property
    def _new_id(self) -> str:
        digest = f"MD5(%(name)s || ':' || CAST(mirror_key AS text) || {self._slot('salt')})"
        return f"CAST({digest} AS uuid)" if self.on_postgresql else digest

    @cached_property
    def _own_defaults(self) -> dict[str, Any]:
        """The CRM's own columns, as a new record starts with them."""
        own = (
            field
            for field in self.mirror.record._meta.concrete_fields
            if field.name not in self.fields and not field.primary_key
        )
        return {
            field.column: field.get_db_prep_save(field.get_default(), connection) for field in own
        }

    def _differs(self, name: str) -> str:
        word = "IS DISTINCT FROM" if self.on_postgresql else "IS NOT"
        return f"old_{name} {word} new_{name}"

    def _cast(self, name: str) -> str:
        """Give a typeless NULL or a literal the column's type; text needs none, and no cutting."""
        kind = self.fields[name].db_type(connection)
        if not self.on_postgresql or kind.startswith(("varchar", "text")):
            return f"p.new_{name}"
        return f"CAST(p.new_{name} AS {kind})"

    def _table(self, model: type) -> str:
        return self._name(model._meta.db_table)

    def _name(self, name: str) -> str:
        return connection.ops.quote_name(name)
