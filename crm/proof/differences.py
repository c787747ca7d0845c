"""The differences between records and sources that stand now: who, which column, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet, TextChoices, TextField
from django.db.models.functions import Cast

from crm.mirror import ENTITIES, MIRRORS, Mirror, Outcome
from crm.mirror.rows import Key, Row
from crm.models import Cause, Entity
from crm.models.base import Record
from crm.proof.causes import CauseFinder
from crm.proof.mending import mend
from crm.proof.unreadable import (
    UNREADABLE,
    is_unreadable,
    name_of,
    proper_id,
    raw_records,
    raw_rows,
    rows_of,
)

HANDLES_AT_ONCE = 5_000
ROWS_AT_ONCE = 1_000
AT_REPAIR = "the time of the repair"  # what a tombstone is going to say


class Kind(TextChoices):
    MISSING = "missing", "Missing"
    CHANGED = "changed", "Changed"
    ORPHANED = "orphaned", "Orphaned"


@dataclass(frozen=True)
class Difference:
    """A record that does not equal its source.

    `key` is the source's; a record without a link to one goes by its own id, as text. `changes` is
    `{column: (value in the record, value by the source)}`: all columns where the record is missing.
    """

    mirror: str
    entity: Entity
    kind: Kind
    key: Key
    record_id: UUID | None
    called: str
    cause: Cause
    changes: dict[str, tuple[Any, Any]] = field(hash=False)

    @property
    def is_orphan(self) -> bool:
        return self.kind == Kind.ORPHANED

    @property
    def improper_id(self) -> str:
        """The text that stands in the place of the record's id, where that cannot be read."""
        return str(self.changes["id"][0]).removeprefix(UNREADABLE) if "id" in self.changes else ""


def differences(
    entity: Entity, kind: Kind | None = None, *, limit: int | None = None, offset: int = 0
) -> Iterator[Difference]:
    """Yield what differs, by mirror, kind and key; batch by batch, however many there are."""
    return islice(_walk(entity, [kind] if kind else list(Kind), offset), limit)


def find(mirror_name: str, key: Key) -> Difference | None:
    """Return the difference of one source or, when that is gone, of its record."""
    mirror = MIRRORS[mirror_name]
    for kind in Kind:
        handles = _with_key(mirror, kind, key)
        if described := _describe(mirror, kind, handles, CauseFinder()):
            return described[0]
    return None


def repair_one(mirror_name: str, key: Key, *, now: datetime) -> Outcome:
    """Make one record equal to its source, and log why it was not."""
    difference = find(mirror_name, key)
    return mend([difference], now=now) if difference else Outcome(unchanged=1)


# --- Walking through them -------------------------------------------------------------------------


def _walk(entity: Entity, kinds: Sequence[Kind], offset: int) -> Iterator[Difference]:
    finder = CauseFinder()
    for mirror in ENTITIES[entity]:
        for kind in kinds:
            skip = min(offset, _differing(mirror, kind).count()) if offset else 0
            offset -= skip
            if not offset:
                for batch in batches_of(mirror, kind, finder, skip=skip):
                    yield from batch


def batches_of(
    mirror: Mirror, kind: Kind, finder: CauseFinder, *, skip: int = 0
) -> Iterator[list[Difference]]:
    for handles in _walk_handles(mirror, kind, skip):
        for start in range(0, len(handles), ROWS_AT_ONCE):
            yield _describe(mirror, kind, handles[start : start + ROWS_AT_ONCE], finder)


def _walk_handles(mirror: Mirror, kind: Kind, skip: int) -> Iterator[list[Any]]:
    """Yield the keys of the sources, or the ids of the orphans, in order and in batches.

    An id that cannot be read comes as the text that stands there.
    """
    path = "as_text" if _is_told_by_text(kind) else _handle(mirror, kind)
    rows = _in_text(_differing(mirror, kind)).order_by(_handle(mirror, kind))
    values = rows.values_list(path, flat=True)
    handles = list(values[skip : skip + HANDLES_AT_ONCE])
    while handles:
        yield [proper_id(each) for each in handles] if path == "as_text" else handles
        if len(handles) < HANDLES_AT_ONCE:
            return
        handles = list(values.filter(**{f"{path}__gt": handles[-1]})[:HANDLES_AT_ONCE])


def _is_told_by_text(kind: Kind) -> bool:
    """Whether the database takes anything for the id of a record."""
    return kind == Kind.ORPHANED and not connection.features.has_native_uuid_field


def _in_text(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.annotate(as_text=Cast("pk", TextField()))


def _differing(mirror: Mirror, kind: Kind) -> QuerySet[Any]:
    kinds = {
        Kind.MISSING: mirror.missing,
        Kind.CHANGED: mirror.changed,
        Kind.ORPHANED: mirror.orphaned,
    }
    return kinds[kind]()


def _handle(mirror: Mirror, kind: Kind) -> str:
    return "pk" if kind == Kind.ORPHANED else mirror.key


def _with_key(mirror: Mirror, kind: Kind, key: Key) -> list[Any]:
    """Return the handle of what goes by this key, if it differs in this way."""
    path = mirror.link if kind == Kind.ORPHANED else mirror.key
    rows = _differing(mirror, kind)
    try:
        return _handles(mirror, kind, rows.filter(**{path: key}))
    except (ValueError, OverflowError):  # no key: the id of a record that has lost its link
        return _with_id(mirror, rows, key) if kind == Kind.ORPHANED else []


def _with_id(mirror: Mirror, rows: QuerySet[Any], record_id: Key) -> list[Any]:
    text = str(record_id)
    if text.startswith(UNREADABLE):
        rows = _in_text(rows).filter(as_text=text.removeprefix(UNREADABLE))
        return _handles(mirror, Kind.ORPHANED, rows)
    try:
        return _handles(mirror, Kind.ORPHANED, rows.filter(pk=record_id))
    except ValidationError:  # nor an id
        return []


def _handles(mirror: Mirror, kind: Kind, rows: QuerySet[Any]) -> list[Any]:
    if _is_told_by_text(kind):
        texts = _in_text(rows).values_list("as_text", flat=True)[:1]
        return [proper_id(text) for text in texts]
    return list(rows.values_list(_handle(mirror, kind), flat=True)[:1])


# --- Describing them ------------------------------------------------------------------------------


def _describe(
    mirror: Mirror, kind: Kind, handles: Sequence[Any], finder: CauseFinder
) -> list[Difference]:
    """Return what differs among these: keys of sources or, of orphans, ids."""
    if not handles:
        return []
    if kind == Kind.ORPHANED:
        return _describe_orphans(mirror, handles, finder)
    return _describe_rows(mirror, kind, handles, finder)


def _describe_rows(
    mirror: Mirror, kind: Kind, keys: Sequence[Key], finder: CauseFinder
) -> list[Difference]:
    rows = {row.key: row for row in rows_of(mirror, keys)}
    if kind == Kind.CHANGED:  # equal to Python, and not to the database
        alike = [key for key, row in rows.items() if not row.changes]
        rows |= {row.key: row for row in raw_rows(mirror, alike)} if alike else {}
    rows = {key: row for key, row in rows.items() if row.changes}
    causes = finder.of_rows(mirror, list(rows.values()))
    return [_of_row(mirror, kind, rows[key], causes[key]) for key in keys if key in rows]


def _of_row(mirror: Mirror, kind: Kind, row: Row, cause: Cause) -> Difference:
    called = row.called.strip() or str(row.new.get("email") or row.key)
    return Difference(
        mirror.name, mirror.entity, kind, row.key, row.record_id, called, cause, row.changes
    )


def _describe_orphans(
    mirror: Mirror, ids: Sequence[UUID | str], finder: CauseFinder
) -> list[Difference]:
    proper = [each for each in ids if isinstance(each, UUID)]
    improper = [each for each in ids if isinstance(each, str)]
    records = _records(mirror, proper)
    causes = finder.of_orphans(mirror, list(records.values()))
    described = [
        _of_orphan(mirror, records[each], causes[each]) for each in proper if each in records
    ]
    strays = raw_records(mirror, improper) if improper else []
    return [*described, *(_of_stray(mirror, each) for each in strays)]


def _records(mirror: Mirror, ids: Sequence[UUID]) -> dict[UUID, Record]:
    try:
        return mirror.record._base_manager.in_bulk(ids)
    except Exception as error:
        if not is_unreadable(error):
            raise
    return {record.pk: record for record in raw_records(mirror, ids)}


def _of_stray(mirror: Mirror, record: Record) -> Difference:
    """Describe a record whose id cannot be read: a hand wrote it, the mirror writes none such."""
    described = _of_orphan(mirror, record, Cause.RECORD_WRITTEN)
    changes = {"id": (record.pk, "a proper id"), **described.changes}
    return replace(described, record_id=None, changes=changes)


def _of_orphan(mirror: Mirror, record: Record, cause: Cause) -> Difference:
    key = mirror.key_of(record)
    changes = {column: (key, None) for column in mirror.unlinked}
    return Difference(
        mirror.name,
        mirror.entity,
        Kind.ORPHANED,
        str(record.pk) if key is None else key,
        record.pk,
        name_of(record),
        cause,
        {**changes, "source_deleted_at": (None, AT_REPAIR)},
    )
