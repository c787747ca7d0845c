"""What an entry of the activity log says was changed, in words and with names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, UUIDField
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.admin_columns import admin_url, link_to
from crm.admin.activity_filters import RECORDS
from crm.admin.contrast import Column, Side, contrast
from crm.models import ActivityLog, ActivityType, Entity

LABELS = {"source_deleted_at": "Deleted on the site", "user": "Account", "absorbed": "Joined with"}
NOTHING = Side(absent="nothing")

Change = tuple[Any, Any]
Names = Mapping[tuple[type[Model], str], Model]


@dataclass(frozen=True)
class Changes:
    columns: list[Column]
    are_new: bool = False

    @property
    def have_before(self) -> bool:
        return not self.are_new or any(not column.before.absent for column in self.columns)

    @property
    def have_after(self) -> bool:
        return any(not column.after.absent for column in self.columns)


def readable_changes(entry: ActivityLog) -> Changes:
    """Put the changes of an entry in words. History may name columns that no longer exist."""
    options = RECORDS[Entity(entry.entity_type)]._meta
    fields = {field.name: field for field in options.get_fields() if isinstance(field, Field)}
    changes = {
        name: (fields.get(name) or Field(name=name), pair) for name, pair in _pairs(entry.changes)
    }
    names = _names(changes.values())
    columns = (
        Column(_label(field), *_sides(field, pair, names)) for field, pair in changes.values()
    )
    said = [each for each in columns if not (each.before.absent and each.after.absent)]
    return Changes(said, are_new=entry.activity_type == ActivityType.CREATED)


def _pairs(changes: object) -> Iterator[tuple[str, Change]]:
    """Pair before with after; a lone value, which no writer of ours leaves, counts as after."""
    for name, change in changes.items() if isinstance(changes, dict) else ():
        is_pair = isinstance(change, list) and len(change) == 2
        yield name, tuple(change) if is_pair else (None, change)


def _label(field: Field) -> str:
    words = LABELS.get(field.name) or str(field.verbose_name or field.name.replace("_", " "))
    return capfirst(words.replace(" (pence)", ""))


def _sides(field: Field, pair: Change, names: Names) -> Iterable[Side]:
    if field.is_relation:
        return [_named(value, field.related_model, names) for value in pair]
    texts = [_read(value) for value in pair]
    sides = contrast(*texts, field, {})
    # The entry's page is the only place that still has the whole of an older text.
    pairs = zip(sides, texts, strict=True)
    return [replace(side, whole=str(text)) if side.whole else side for side, text in pairs]


def _read(value: Any) -> Any:
    """Return a value that JSON holds as what it was: days, moments; lists and objects as text."""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_read(item)}" for name, item in value.items() if item)
    return _moment_or_day(value) if isinstance(value, str) else value


def _moment_or_day(text: str) -> Any:
    try:
        moment = parse_datetime(text)
        return moment if moment and moment.tzinfo else parse_date(text) or text
    except ValueError:  # shaped like a date, and none: the 99th of March
        return text


# --- Names of what is referred to -----------------------------------------------------------------


def _names(changes: Iterable[tuple[Field, Change]]) -> Names:
    """Return the rows that the changes refer to and that still stand: one query for each kind."""
    wanted: dict[type[Model], set[object]] = {}
    for field, pair in changes:
        if field.is_relation:
            keys = (_key(field.related_model, value) for value in pair)
            wanted.setdefault(field.related_model, set()).update(filter(None, keys))
    return {
        (model, str(key)): row
        for model, keys in wanted.items()
        for key, row in model._base_manager.in_bulk(keys).items()
    }


def _key(model: type[Model], value: object) -> object:
    try:
        return model._meta.pk.to_python(value)
    except ValidationError:
        return None


def _named(value: object, model: type[Model], names: Names) -> Side:
    if value in (None, ""):
        return NOTHING
    row = names.get((model, str(value)))
    if row is None:
        key = str(value)[:8] if isinstance(model._meta.pk, UUIDField) else value
        return Side(part=f"{capfirst(model._meta.verbose_name)} {key}, no longer there")
    return Side(part=_link(row) if admin.site.is_registered(model) else str(row))


def _link(row: Model) -> SafeString:
    return link_to(admin_url(row), row)
