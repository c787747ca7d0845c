"""How a record is kept equal to its source: one declaration per kind, one way to write."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from hashlib import md5
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.db.models import (
    BooleanField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Field,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import Combinable

from crm.mirror import history
from crm.mirror.differs import Differs, any_of
from crm.mirror.joins import keeping_all
from crm.mirror.patience import short_patience
from crm.mirror.rows import Awaited, Found, Key, Outcome, Row
from crm.mirror.statement import SyncStatement
from crm.mirror.stored import stored, value_of
from crm.models.activity import Entity
from crm.models.base import Record

# Every declaration by its name, so that one can reach another without importing it.
MIRRORS: dict[str, "Mirror"] = {}

# A record whose source is there has no tombstone.
STANDING = Value(None, output_field=DateTimeField())


class Mirror:
    """Declares one kind of source and the record that mirrors it.

    `columns` maps each mirrored column of the record, its link included, to an expression over the
    source. Every other column belongs to the CRM and is never written here.
    """

    name: ClassVar[str]
    entity: ClassVar[Entity]
    source: ClassVar[type[Model]]
    record: ClassVar[type[Record]]
    link: ClassVar[str]  # the record's column that holds `key`
    key: ClassVar[str] = "pk"  # the source's path to what sync() is given
    record_path: ClassVar[str] = "crm_record"  # from the source to its record
    called: ClassVar[Combinable]  # how people call the record, over the source
    conflict: ClassVar[str] = "id"  # the record's column that two writers could clash on
    status: ClassVar[str | None] = None  # the record's column that is its status
    columns: ClassVar[Mapping[str, Combinable]]
    # {column: (name of its mirror, path from the source to that mirror's key)}
    parents: ClassVar[Mapping[str, tuple[str, str]]] = {}
    # {column: expression} of those, as they will be once the parents' own records are in order.
    references: ClassVar[Mapping[str, Combinable]] = {}
    # A change of these columns alone is no news to people.
    routine: ClassVar[frozenset[str]] = frozenset()
    # Paths from the source to the times at which it, or what it is mirrored with, was saved.
    stamps: ClassVar[tuple[str, ...]] = ("updated_at",)
    # Columns that come from rows without such a time.
    unstamped: ClassVar[tuple[str, ...]] = ()
    # Whether a record dropped and rebuilt gets the id it had.
    has_lasting_id: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "columns"):
            cls.columns = {**cls.columns, "source_deleted_at": STANDING}
            MIRRORS[cls.name] = cls()

    # --- Reading ----------------------------------------------------------------------------------

    def sources(self) -> QuerySet[Any]:
        """Return the source rows that are due a record, each with its own key."""
        return self.source._base_manager.order_by()

    def due(self, since: datetime | None = None) -> QuerySet[Any]:
        """Return all sources; or those saved since then, or different where no time is kept.

        A write that leaves the times alone (`update()`, raw SQL, a deletion) is not seen.
        """
        if since is None:
            return self.sources()
        stamped = any_of(Q(**{f"{path}__gte": since}) for path in self.stamps)
        saved = self.source._base_manager.filter(stamped, **{self.key: OuterRef(self.key)})
        differs = (Differs(F(column), OuterRef(f"new_{column}")) for column in self.unstamped)
        differing = self._record().filter(any_of(differs))
        return self.projection().filter(Exists(saved) | Exists(differing))

    def projection(self) -> QuerySet[Any]:
        """Return the source rows with `new_<column>` as the record can be written now."""
        rows = self._project(self.columns)
        return rows.annotate(blocked=ExpressionWrapper(self.blocked(), BooleanField()))

    def expectation(self) -> QuerySet[Any]:
        """Return the source rows with `new_<column>` as the record should be in the end."""
        return self._project({**self.columns, **self.references})

    def _project(self, columns: Mapping[str, Combinable]) -> QuerySet[Any]:
        new = {f"new_{column}": expression for column, expression in columns.items()}
        rows = keeping_all(self.sources())
        return rows.annotate(mirror_key=F(self.key), called=self.called, **new)

    def blocked(self) -> Q:
        """Say which sources must wait: for the record of what they belong to, if they do."""
        return any_of(
            Q(**{f"new_{column}": None, f"{path}__isnull": False})
            for column, (_, path) in self.parents.items()
        )

    def rows(self, keys: Iterable[Key]) -> list[Row]:
        """Return source and record side by side, in one query."""
        old = {
            f"old_{column}": stored(F(f"{self.record_path}__{column}")) for column in self.columns
        }
        owed = {f"owed_{column}": F(path) for column, (_, path) in self.parents.items()}
        found = self.expectation().filter(**{f"{self.key}__in": list(keys)})
        found = found.annotate(record_id=F(f"{self.record_path}__pk"), **old, **owed)
        names = ["record_id", *old, *owed, *self._projected_names()]
        return [self._row(values) for values in found.values(*names)]

    @property
    def key_field(self) -> Field:
        """The field whose values are the keys."""
        field = self.record._meta.get_field(self.link)
        return field.target_field if field.is_relation else field

    def lasting_id(self, key: Key) -> UUID:
        """As SyncStatement makes it; the digest only spreads names over ids."""
        return UUID(md5(f"{self.name}:{key}".encode(), usedforsecurity=False).hexdigest())

    def key_of(self, record: Record) -> Key | None:
        """Return the key that a record claims; None when it has lost its link."""
        return getattr(record, self.record._meta.get_field(self.link).attname)

    # --- Comparing, inside the database -----------------------------------------------------------

    def missing(self) -> QuerySet[Any]:
        """Return the sources that have no record."""
        return self.expectation().filter(~Exists(self._record()))

    def changed(self) -> QuerySet[Any]:
        """Return the sources whose record differs, in one column at least."""
        old = {column: F(f"{self.record_path}__{column}") for column in self.columns}
        differs = any_of(Differs(value, F(f"new_{column}")) for column, value in old.items())
        return self.expectation().filter(differs, **{f"{self.record_path}__isnull": False})

    def orphaned(self) -> QuerySet[Any]:
        """Return the records without tombstone whose source is gone."""
        source = self.source._base_manager.filter(**{self.key: OuterRef(self.link)})
        return self.records().filter(~Exists(source))

    def records(self) -> QuerySet[Any]:
        """Return the records that claim to have a source of this kind."""
        return self.record._base_manager.filter(source_deleted_at=None)

    def totals(self) -> tuple[int, int]:
        """Count the sources and the records as of one moment: each save adds to both or neither."""
        rows = self.sources().values("pk"), self.records().values("pk")
        (sources, of_sources), (records, of_records) = (r.query.sql_with_params() for r in rows)
        count = "(SELECT COUNT(*) FROM ({}) AS counted)"
        sql = f"SELECT {count.format(sources)}, {count.format(records)}"
        with connection.cursor() as cursor:
            cursor.execute(sql, [*of_sources, *of_records])
            return cursor.fetchone()

    def _record(self) -> QuerySet[Any]:
        """Return the record of the source row that a subquery stands in."""
        return self.record._base_manager.filter(**{self.link: OuterRef(self.key)})

    def _projected_names(self) -> list[str]:
        return ["mirror_key", "called", *(f"new_{column}" for column in self.columns)]

    def _row(self, values: Mapping[str, Any]) -> Row:
        return Row(
            key=values["mirror_key"],
            record_id=values["record_id"],
            old={column: self._old(values, column) for column in self.columns},
            new={column: self._new(values, column) for column in self.columns},
            called=values["called"],
        )

    def _old(self, values: Mapping[str, Any], column: str) -> Any:
        return value_of(self.record._meta.get_field(column), values[f"old_{column}"])

    def _new(self, values: Mapping[str, Any], column: str) -> Any:
        """Return the value by the source; for a record whose id nobody knows yet, its source."""
        new, owed = values[f"new_{column}"], values.get(f"owed_{column}")
        if new is None or owed is None:
            return new
        parent = MIRRORS[self.parents[column][0]]
        if parent.has_lasting_id or new != parent.lasting_id(owed):
            return new
        return Awaited(parent.name, owed)

    # --- Writing ----------------------------------------------------------------------------------

    def sync(self, keys: Iterable[Key], *, now: datetime) -> Outcome:
        """Make the records of these keys equal to their sources, and log what that changed.

        A key without a source leaves a tombstone. Call it inside a transaction.
        """
        keys = list(dict.fromkeys(keys))
        if not keys:
            return Outcome()
        found = self._statement.run(keys, now=now)
        waiting = [key for key, what in found.items() if what == Found.BLOCKED]
        gone = [key for key in keys if key not in found]
        if not waiting and not gone:
            return Outcome.of(found)
        with short_patience():
            if waiting:
                found |= self._write_waiting(waiting, now)
            deleted = self.bury(self._records_of(gone), now) if gone else 0
        return Outcome.of(found, deleted=deleted)

    def _write_waiting(self, keys: list[Key], now: datetime) -> dict[Key, str]:
        """Write blocked keys after syncing the records that they should refer to.

        A source of each kind may exist before the contact or the house that it belongs to.
        """
        rows = self.sources().filter(**{f"{self.key}__in": keys})
        for name, path in self.parents.values():
            parents = rows.exclude(**{path: None}).values_list(path, flat=True)
            MIRRORS[name].sync(parents, now=now)
        return self._statement.run(keys, now=now, force=True)

    @cached_property
    def _statement(self) -> SyncStatement:
        return SyncStatement(self)

    def bury(self, orphans: QuerySet[Any], now: datetime) -> int:
        """Set the tombstone on records whose source is gone; return how many.

        The lock is for two repairs at once: what the first has buried is no orphan to the second.
        """
        records = list(orphans.select_for_update(of=("self",)).order_by("pk"))
        if records:
            buried = self.record._base_manager.filter(pk__in=[record.pk for record in records])
            buried.update(source_deleted_at=now, **self.unlinked)
            history.log_deletions(self, records, now)
            self._let_go(records, now)
        return len(records)

    def _let_go(self, records: list[Record], now: datetime) -> None:
        """Sync what refers to buried records: Django empties a source's reference in silence."""
        for mirror in MIRRORS.values():
            for column, (parent, _) in mirror.parents.items():
                if parent == self.name:
                    referring = mirror.records().filter(**{f"{column}__in": records})
                    keys = referring.exclude(**{mirror.link: None})
                    mirror.sync(keys.values_list(mirror.link, flat=True), now=now)

    @property
    def unlinked(self) -> dict[str, None]:
        """What a tombstone no longer refers to."""
        return {self.link: None}

    def _records_of(self, keys: Iterable[Key]) -> QuerySet[Any]:
        return self.records().filter(**{f"{self.link}__in": list(keys)})
