"""Every source beside its record: what the figures of the health page count."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse

from crm.admin.differences import PLURALS, SOURCE_NAMES, Choice, sources_url
from crm.dashboard import readable
from crm.mirror import ENTITIES, Mirror
from crm.mirror.rows import Row
from crm.models import Entity
from crm.proof.unreadable import rows_of

SHOWN = 50


@dataclass(frozen=True)
class Pair:
    """A source and its record; `differing` is None where there is no record."""

    called: str
    source: str
    record_url: str
    differing: int | None


def sources_page(request: HttpRequest) -> dict[str, Any]:
    choice = Choice.asked(request, request.GET)
    entity = choice.entity or next(iter(choice.entities), None)
    read = readable(lambda: _page(entity, request.GET.get("page"))) if entity else None
    page, pairs = read or (None, [])
    return {
        "title": f"{PLURALS[entity]} beside their source" if entity else "Sources",
        "entity": entity,
        "page": page,
        "pairs": pairs,
        "links": [
            {"title": PLURALS[each], "url": sources_url(entity=each), "is_chosen": each == entity}
            for each in choice.entities
        ],
    }


def _page(entity: Entity, number: str | None) -> tuple[Any, list[Pair]]:
    mirrors = ENTITIES[entity]
    totals = [mirror.sources().count() for mirror in mirrors]
    paginator = Paginator(range(sum(totals)), SHOWN)
    page = paginator.get_page(number)
    start = page.start_index() - 1 if paginator.count else 0
    return page, list(_slice(mirrors, totals, start, SHOWN))


def _slice(mirrors: tuple[Mirror, ...], totals: list[int], skip: int, limit: int) -> Iterator[Pair]:
    for mirror, total in zip(mirrors, totals, strict=True):
        if skip < total and limit:
            found = _pairs(mirror, skip, limit)
            limit -= len(found)
            yield from found
        skip = max(0, skip - total)


def _pairs(mirror: Mirror, skip: int, limit: int) -> list[Pair]:
    keys = list(
        mirror.sources()
        .order_by(mirror.key)
        .values_list(mirror.key, flat=True)[skip : skip + limit]
    )
    rows = {row.key: row for row in rows_of(mirror, keys)}
    return [_pair(mirror, rows[key]) for key in keys if key in rows]


def _pair(mirror: Mirror, row: Row) -> Pair:
    name = f"admin:crm_{mirror.record._meta.model_name}_change"
    return Pair(
        called=row.called.strip() or str(row.key),
        source=SOURCE_NAMES[mirror.name].format(row.key),
        record_url=reverse(name, args=[row.record_id]) if row.record_id else "",
        differing=len(row.changes) if row.record_id or "id" in row.changes else None,
    )
