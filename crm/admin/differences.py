"""The difference viewer: what differs now, field by field, and why; each with its repair."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.core.validators import validate_slug
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import Owner
from crm.admin.contrast import Column, columns, names_of
from crm.dashboard import readable
from crm.home import list_url, may
from crm.mirror import ENTITIES
from crm.mirror.rows import Key
from crm.models import EnquiryRecord, Entity, SyncCheck
from crm.proof.check import Comparison, compare
from crm.proof.differences import Difference, Kind, differences
from crm.proof.evidence import large_check
from listings.models import Property

SHOWN = 20
MOST_AT_ONCE = 1_000  # repairs that a page has time for; the worker takes the rest

PLURALS = {
    Entity.CONTACTS: "Contacts",
    Entity.PROPERTIES: "Properties",
    Entity.ENQUIRIES: "Enquiries",
    Entity.MEMBERSHIPS: "Memberships",
}

Compared = dict[Entity, Comparison | None]
Totals = dict[tuple[Entity, Kind], int]


@dataclass(frozen=True)
class Choice:
    """Which differences are looked at; None stands for all."""

    entities: tuple[Entity, ...]
    entity: Entity | None = None
    kind: Kind | None = None

    @classmethod
    def asked(cls, request: HttpRequest, query: QueryDict) -> "Choice":
        allowed = tuple(entity for entity in Entity if may_see(request, entity))
        entity, kind = query.get("entity"), query.get("kind")
        return cls(
            allowed,
            Entity(entity) if entity in allowed else None,
            Kind(kind) if kind in Kind.values else None,
        )

    def but(self, **changed: Any) -> "Choice":
        return replace(self, **changed)

    @property
    def chosen(self) -> tuple[Entity, ...]:
        return (self.entity,) if self.entity else self.entities

    @property
    def is_everything(self) -> bool:
        return not self.kind and set(self.chosen) == set(Entity)

    @property
    def query(self) -> str:
        asked = {"entity": self.entity, "kind": self.kind}
        return urlencode({name: str(value) for name, value in asked.items() if value})

    @property
    def url(self) -> str:
        return _url("differences", self.query)


@dataclass(frozen=True)
class Shown:
    """A difference as the page has it."""

    difference: Difference
    columns: list[Column]
    record_url: str
    source: str
    source_url: str

    @property
    def is_new(self) -> bool:
        return self.difference.kind == Kind.MISSING


def may_see(request: HttpRequest, entity: Entity) -> bool:
    return may(request, "view", ENTITIES[entity][0].record)


def differences_url(**asked: str) -> str:
    return _url("differences", urlencode(asked))


def sources_url(**asked: str) -> str:
    return _url("sources", urlencode(asked))


def _url(view: str, query: str) -> str:
    path = reverse(f"admin:crm_synccheck_{view}")
    return f"{path}?{query}" if query else path


def differences_page(request: HttpRequest) -> dict[str, Any]:
    choice = Choice.asked(request, request.GET)
    large = large_check()
    compared = counts(choice, large)
    is_waiting = large is not None and choice.entity is None
    totals = {} if is_waiting else totals_of(choice, compared)
    page = readable(lambda: page_of(totals, request.GET.get("page")))
    found = None if page is None else readable(lambda: shown(request, page.object_list))
    return {
        "title": "Differences",
        "choice": choice,
        "is_waiting": is_waiting,
        "entities": entity_links(choice, compared),
        "kinds": kind_links(choice, compared),
        "total": sum(totals.values()),
        "page": page,
        "rows": found,
        "broken": [PLURALS[entity] for entity in choice.chosen if compared[entity] is None],
        "most_at_once": MOST_AT_ONCE,
    }


@dataclass(frozen=True)
class Narrowing:
    """A link that narrows the differences down, with how many it leaves."""

    title: str
    url: str
    count: int
    is_chosen: bool


def entity_links(choice: Choice, compared: Compared) -> list[Narrowing]:
    links = []
    for entity in (None, *choice.entities):
        those = choice.but(entity=entity)
        found = sum(count(compared[each], choice.kind) for each in those.chosen)
        title = PLURALS[entity] if entity else "All records"
        links.append(Narrowing(title, those.url, found, entity == choice.entity))
    return links


def kind_links(choice: Choice, compared: Compared) -> list[Narrowing]:
    links = []
    for kind in (None, *Kind):
        found = sum(count(compared[entity], kind) for entity in choice.chosen)
        title = kind.label if kind else "All kinds"
        links.append(Narrowing(title, choice.but(kind=kind).url, found, kind == choice.kind))
    return links


# --- Looking ----------------------------------------------------------------------------------


def counts(choice: Choice, large: SyncCheck | None) -> Compared:
    """Compare now; None stands for an entity whose tables cannot be read.

    Where to compare everything would keep a page waiting, only what was chosen is compared, and the
    other counts are those of the last check.
    """
    told = large.entities if large else {}
    return {
        entity: Comparison(**told[entity])
        if entity in told and entity != choice.entity
        else readable(lambda entity=entity: compare(entity))
        for entity in choice.entities
    }


def count(found: Comparison | None, kind: Kind | None) -> int:
    if found is None:
        return 0
    return getattr(found, kind) if kind else found.differences


def totals_of(choice: Choice, compared: Compared) -> Totals:
    """Return how many there are of each chosen kind, in the order in which they are shown."""
    kinds = (choice.kind,) if choice.kind else tuple(Kind)
    every = product(choice.chosen, kinds)
    return {(entity, kind): count(compared[entity], kind) for entity, kind in every}


def page_of(totals: Totals, number: str | None) -> Page:
    """Return a page of differences; only its own rows are read."""
    paginator = Paginator(range(sum(totals.values())), SHOWN)
    page = paginator.get_page(number)
    start = page.start_index() - 1 if paginator.count else 0
    page.object_list = list(differences_of(totals, start, SHOWN))
    return page


def differences_of(totals: Totals, skip: int, limit: int) -> Iterator[Difference]:
    """Go through the kinds of all entities as if they were one list."""
    for (entity, kind), total in totals.items():
        if skip < total and limit:
            found = list(differences(entity, kind, offset=skip, limit=limit))
            limit -= len(found)
            yield from found
        skip = max(0, skip - total)


def shown(request: HttpRequest, found: list[Difference]) -> list[Shown]:
    names, pages = names_of(found), source_pages(request, found)
    return [
        Shown(
            each,
            columns(each, names),
            record_url=record_url(each),
            source=source_name(each),
            source_url=pages.get((each.mirror, each.key), ""),
        )
        for each in found
    ]


def record_url(difference: Difference) -> str:
    if difference.record_id is None:
        return ""
    model = ENTITIES[difference.entity][0].record._meta.model_name
    return reverse(f"admin:crm_{model}_change", args=[difference.record_id])


# --- Sources ----------------------------------------------------------------------------------

SOURCE_NAMES = {
    "owners": "owner’s account {}",
    "guests": "enquiries from {}",
    "properties": "house {}",
    "enquiries": "enquiry {}",
    "memberships": "membership {}",
}


def source_name(difference: Difference) -> str:
    if difference.kind == Kind.ORPHANED:
        return "gone"
    return SOURCE_NAMES[difference.mirror].format(difference.key)


def source_pages(request: HttpRequest, found: Iterable[Difference]) -> dict[tuple[str, Key], str]:
    standing = [each for each in found if each.kind != Kind.ORPHANED]
    return pages_of_sources(request, ((each.mirror, each.key) for each in standing))


def pages_of_sources(
    request: HttpRequest, sources: Iterable[tuple[str, Key]]
) -> dict[tuple[str, Key], str]:
    """Return the pages of those sources that have one, by mirror and key."""
    keys: dict[str, list[Key]] = {"owners": [], "guests": [], "properties": []}
    for mirror, key in sources:
        if mirror in keys:
            keys[mirror].append(key)
    pages = {("properties", pk): url for pk, url in _house_pages(keys["properties"])}
    pages |= {("guests", email): list_url(EnquiryRecord, q=email) for email in keys["guests"]}
    if may(request, "view", Owner):
        owners = Owner.objects.filter(user__in=keys["owners"])
        pages |= {("owners", owner.user_id): admin_url(owner) for owner in owners}
    return pages


def _house_pages(keys: list[Key]) -> Iterator[tuple[Key, str]]:
    for pk, slug in Property.objects.filter(pk__in=keys).values_list("pk", "slug"):
        # What was written past the forms may be no slug.
        if validate_slug.regex.search(slug):
            yield pk, reverse("house", args=[slug])
