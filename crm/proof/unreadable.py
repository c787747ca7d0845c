"""Rows with a value that Python cannot take: an impossible date, an id that is none.

SQLite stores whatever a hand types. Such rows are read as bytes, so that each value is either what
its column holds or the text that stands there, and a record without a proper id is given one.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, connection, transaction
from django.db.models import BinaryField, F, Field, JSONField, Model, QuerySet, TextField
from django.db.models.functions import Cast

from crm.mirror import Mirror, history
from crm.mirror.joins import keeping_all
from crm.mirror.rows import Key, Row
from crm.models import ActivityType, Cause
from crm.models.base import Record

UNREADABLE = "unreadable: "
IMPROPER_ID = "length(id) <> 32 OR id GLOB '*[^0-9a-f]*'"  # as Django writes ids to SQLite


class CannotBeRead(ValueError):
    """A value that no sync can put right, told in a sentence for people."""


@dataclass
class RawRow(Row):
    """A row whose record may be there though its id cannot be read."""

    @cached_property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        pairs = {column: (self.old[column], value) for column, value in self.new.items()}
        return {column: pair for column, pair in pairs.items() if pair[0] != pair[1]}


def is_unreadable(error: Exception) -> bool:
    if isinstance(error, DatabaseError):
        return isinstance(error, DataError) or "Could not decode" in str(error)
    return isinstance(error, (TypeError, ValueError, OverflowError, ValidationError))


def rows_of(mirror: Mirror, keys: Sequence[Key]) -> list[Row]:
    """Return source and record side by side, whatever stands in them."""
    try:
        return mirror.rows(keys)
    except Exception as error:
        if not is_unreadable(error):
            raise
    return raw_rows(mirror, keys)


def raw_rows(mirror: Mirror, keys: Iterable[Key]) -> list[Row]:
    old = {f"old_{column}": F(f"{mirror.record_path}__{column}") for column in mirror.columns}
    found = mirror.expectation().filter(**{f"{mirror.key}__in": list(keys)})
    found = keeping_all(found.annotate(record_id=F(f"{mirror.record_path}__pk"), **old))
    names = ["record_id", "called", *old, *(f"new_{column}" for column in mirror.columns)]
    return [_raw_row(mirror, values) for values in _as_stored(found, names, "mirror_key")]


def raw_records(mirror: Mirror, ids: Sequence[uuid.UUID | str]) -> list[Record]:
    """Return records in memory alone, given by id or by the text that stands in its place."""
    in_text = str if _has_native_ids() else _hex
    stored = {each if isinstance(each, str) else in_text(each) for each in ids}
    fields = mirror.record._meta.concrete_fields
    rows = mirror.record._base_manager.alias(raw_id=Cast("pk", TextField()))
    found = _as_stored(rows.filter(raw_id__in=stored), [field.attname for field in fields])
    return [_raw_record(mirror, row) for row in found]


def name_of(record: Record) -> str:
    """Return what people call a record, which may be made of what cannot be read."""
    try:
        return str(record)
    except (TypeError, ValueError):
        return f"{record._meta.verbose_name} {record.pk}"


def columns_of(record: Record) -> list[Field]:
    """Return the columns of a raw record that cannot be read."""
    return [
        field
        for field in record._meta.concrete_fields
        if str(getattr(record, field.attname)).startswith(UNREADABLE)
        and not isinstance(field, TextField)
    ]


def _hex(record_id: uuid.UUID) -> str:
    return record_id.hex


def proper_id(text: str) -> uuid.UUID | str:
    """Return the id as stored, or its text where Django would not find a row by it."""
    is_proper = len(text) == 32 and set(text) <= set("0123456789abcdef")
    return uuid.UUID(text) if is_proper else text


# --- Reading what is stored -----------------------------------------------------------------------


def _as_stored(rows: QuerySet[Any], names: Sequence[str], *plain: str) -> list[dict[str, Any]]:
    kind = BinaryField() if connection.vendor == "sqlite" else TextField()
    raw = {f"raw_{name}": Cast(F(name), kind) for name in names}
    found = rows.order_by().annotate(**raw).values(*plain, *raw)
    return [
        {name: values[f"raw_{name}"] for name in names} | {name: values[name] for name in plain}
        for values in found
    ]


def _raw_record(mirror: Mirror, stored: dict[str, Any]) -> Record:
    fields = mirror.record._meta.concrete_fields
    record = mirror.record(**{each.attname: _value(each, stored[each.attname]) for each in fields})
    record_id = _stored_id(stored["id"])
    record.pk = UNREADABLE + record_id if isinstance(record_id, str) else record_id
    return record


def _stored_id(raw: bytes | str) -> uuid.UUID | str:
    return uuid.UUID(_text(raw)) if _has_native_ids() else proper_id(_text(raw))


def _has_native_ids() -> bool:
    return connection.features.has_native_uuid_field


def _raw_row(mirror: Mirror, values: dict[str, Any]) -> Row:
    fields = {column: mirror.record._meta.get_field(column) for column in mirror.columns}
    old, new = {}, {}
    for column, field in fields.items():
        before, after = values[f"old_{column}"], values[f"new_{column}"]
        old[column], new[column] = _value(field, before), _value(field, after)
        if before != after and old[column] == new[column]:  # the same, but written otherwise
            old[column] = UNREADABLE + _text(before)
    record_id = None if values["record_id"] is None else _stored_id(values["record_id"])
    if isinstance(record_id, str):
        old["id"], new["id"], record_id = UNREADABLE + record_id, "a proper id", None
    called = _text(values["called"] or b"")
    return RawRow(values["mirror_key"], record_id, old, new, called)


def _value(field: Field, raw: bytes | str | None) -> Any:
    if raw is None:
        return None
    field = field.target_field if field.is_relation else field
    try:
        text = bytes(raw).decode() if not isinstance(raw, str) else raw
        value = json.loads(text) if isinstance(field, JSONField) else field.to_python(text)
    except (ValueError, OverflowError, ValidationError):
        return UNREADABLE + _text(raw)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else bytes(raw).decode(errors="replace")


# --- Giving a proper id ---------------------------------------------------------------------------


def mend_ids(mirror: Mirror, now: datetime) -> dict[str, uuid.UUID]:
    """Give each record an id that can be read; return `{text of the id: new id}`."""
    if connection.vendor != "sqlite":
        return {}  # the column itself refuses what is no id
    with transaction.atomic(), connection.cursor() as cursor:
        table = connection.ops.quote_name(mirror.record._meta.db_table)
        cursor.execute(f"SELECT CAST(id AS text) FROM {table} WHERE {IMPROPER_ID}")  # noqa: S608
        improper = [text for (text,) in cursor.fetchall()]
        return {text: _give_id(mirror, text, now) for text in improper}


def _give_id(mirror: Mirror, text: str, now: datetime) -> uuid.UUID:
    (record,) = raw_records(mirror, [text])
    new = _free_id(mirror, record, text)
    _write_id(mirror.record, "id", text, new)
    for relation in mirror.record._meta.related_objects:
        _write_id(relation.related_model, relation.field.column, text, new)
    title = f"{mirror.entity.label} got a proper id: {name_of(record)}"
    with history.mending(Cause.RECORD_WRITTEN):
        changes = {"id": [text, str(new)]}
        history.entry(mirror.entity, new, ActivityType.UPDATED, title, now, changes=changes).save()
    return new


def _free_id(mirror: Mirror, record: Record, text: str) -> uuid.UUID:
    """Return the id it was meant to have, if nobody else has that."""
    try:
        meant = uuid.UUID(text)
    except ValueError:
        key = mirror.key_of(record)
        meant = mirror.lasting_id(key) if mirror.has_lasting_id and key else uuid.uuid4()
    is_taken = mirror.record._base_manager.filter(pk=meant).exists()
    return uuid.uuid4() if is_taken else meant


def _write_id(model: type[Model], column: str, text: str, new: uuid.UUID) -> None:
    table, name = map(connection.ops.quote_name, (model._meta.db_table, column))
    with connection.cursor() as cursor:
        sql = f"UPDATE {table} SET {name} = %s WHERE {name} = %s"  # noqa: S608
        cursor.execute(sql, [new.hex, text])


# --- Records whose source is gone -----------------------------------------------------------------


def empty_unreadable(mirror: Mirror, record_id: uuid.UUID, now: datetime) -> None:
    """Empty what cannot be read in a record that has no source to take it from."""
    (record,) = raw_records(mirror, [record_id])
    broken = columns_of(record)
    if firm := [field for field in broken if not field.null]:
        said = getattr(record, firm[0].attname).removeprefix(UNREADABLE)
        raise CannotBeRead(
            f"{mirror.entity.label} {record_id} holds “{said}” in {firm[0].column}, which cannot "
            "be read, and its source is gone: correct it in the database, or delete the row there."
        )
    mirror.record._base_manager.filter(pk=record_id).update(
        **{field.attname: None for field in broken}
    )
    changes = {field.name: [getattr(record, field.attname), None] for field in broken}
    title = f"{mirror.entity.label} freed of what cannot be read: {name_of(record)}"
    history.entry(
        mirror.entity, record_id, ActivityType.UPDATED, title, now, changes=changes
    ).save()
