"""What a failed sync is about, in the words of the business; worked out for a list at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.admin_columns import admin_url
from crm.admin.differences import SOURCE_NAMES, pages_of_sources
from crm.dashboard import readable
from crm.mirror import Mirror
from crm.mirror.rows import Key
from crm.models import SyncFailure
from crm.models.base import Record
from crm.retrying import UnknownSource, source_of

Place = tuple[Mirror, Key]


@dataclass(frozen=True)
class Failed:
    """`source` says what the key is of. An address is empty where there is no such page."""

    called: str
    source: str
    source_url: str = ""
    record_url: str = ""


def describe(request: HttpRequest, failures: Iterable[SyncFailure]) -> dict[int, Failed]:
    """Return what each failure is about, by its pk; the queries do not grow with the failures."""
    failures = list(failures)
    places = dict(_places(failures))
    keys: dict[Mirror, list[Key]] = {}
    for mirror, key in places.values():
        keys.setdefault(mirror, []).append(key)
    names = {place: name for mirror in keys for place, name in _names(mirror, keys[mirror])}
    records = {place: each for mirror in keys for place, each in _records(mirror, keys[mirror])}
    standing = ((mirror.name, key) for mirror, key in names)
    pages = readable(lambda: pages_of_sources(request, standing)) or {}

    def described(failure: SyncFailure) -> Failed:
        place = places.get(failure.pk)
        if place is None:
            return Failed(str(failure), "a kind of source that this version does not know")
        return _failed(place, names.get(place), records.get(place), pages)

    return {failure.pk: described(failure) for failure in failures}


def _places(failures: Iterable[SyncFailure]) -> Iterable[tuple[int, Place]]:
    for failure in failures:
        try:
            yield failure.pk, source_of(failure)
        except UnknownSource:
            continue


def _names(mirror: Mirror, keys: list[Key]) -> list[tuple[Place, str]]:
    """Return how people call those sources that are still there."""
    sources = mirror.sources().filter(**{f"{mirror.key}__in": keys})
    named = sources.annotate(called=mirror.called).values_list(mirror.key, "called")
    return [((mirror, key), name.strip()) for key, name in readable(lambda: list(named)) or []]


def _records(mirror: Mirror, keys: list[Key]) -> list[tuple[Place, Record]]:
    found = mirror.record._base_manager.filter(**{f"{mirror.link}__in": keys})
    records = readable(lambda: list(found)) or []
    return [((mirror, mirror.key_of(record)), record) for record in records]


def _failed(
    place: Place, name: str | None, record: Record | None, pages: dict[tuple[str, Key], str]
) -> Failed:
    mirror, key = place
    source = SOURCE_NAMES[mirror.name].format(key)
    return Failed(
        called=name or (str(record) if record else f"{mirror.entity.label} {key}"),
        source=source if name is not None else f"{source}, which is no longer there",
        source_url=pages.get((mirror.name, key), ""),
        record_url=admin_url(record) if record else "",
    )
