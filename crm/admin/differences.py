"""The difference viewer: what differs now, field by field, and why; each with its repair."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin_columns import link_to
from accounts.models import Owner
from crm.admin.contrast import Column, columns, names_of
from crm.admin.filters import write_window
from crm.check import ORDER, Comparison, compare
from crm.dashboard import readable
from crm.differences import Difference, Kind, differences
from crm.home import list_url, may
from crm.mending import mend
from crm.mirror import ENTITIES, Outcome
from crm.mirror.rows import Key
from crm.models import ActivityLog, EnquiryRecord, Entity, SyncFailure
from listings.models import Property

SHOWN = 20
# What a page has time for; the worker takes the rest.
MOST_AT_ONCE = 1_000
LONGEST_SECONDS = 15
REPAIRED_TOGETHER = 100

PLURALS = {
    Entity.CONTACTS: "Contacts",
    Entity.PROPERTIES: "Properties",
    Entity.ENQUIRIES: "Enquiries",
    Entity.MEMBERSHIPS: "Memberships",
}

Compared = dict[Entity, Comparison | None]


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
    compared = counts(choice.entities)
    totals = {entity: count(compared[entity], choice.kind) for entity in choice.chosen}
    page = readable(lambda: page_of(choice, totals, request.GET.get("page")))
    found = readable(lambda: shown(page.object_list)) if page else None
    return {
        "title": "Differences",
        "choice": choice,
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


def counts(entities: Iterable[Entity]) -> Compared:
    """Compare now; None stands for an entity whose tables cannot be read."""
    return {entity: readable(lambda entity=entity: compare(entity)) for entity in entities}


def count(found: Comparison | None, kind: Kind | None) -> int:
    if found is None:
        return 0
    return getattr(found, kind) if kind else found.differences


def page_of(choice: Choice, totals: dict[Entity, int], number: str | None) -> Page:
    """Return a page of differences; only its own rows are read."""
    paginator = Paginator(range(sum(totals.values())), SHOWN)
    page = paginator.get_page(number)
    start = page.start_index() - 1 if paginator.count else 0
    page.object_list = list(_slice(choice.kind, totals, start, SHOWN))
    return page


def _slice(
    kind: Kind | None, totals: dict[Entity, int], skip: int, limit: int
) -> Iterator[Difference]:
    """Go through the entities as if they were one list."""
    for entity, total in totals.items():
        if skip < total and limit:
            found = list(differences(entity, kind, offset=skip, limit=limit))
            limit -= len(found)
            yield from found
        skip = max(0, skip - total)


def shown(found: list[Difference]) -> list[Shown]:
    names, pages = names_of(found), source_pages(found)
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


def source_pages(found: Iterable[Difference]) -> dict[tuple[str, Key], str]:
    """Return the pages of those sources that have one, by mirror and key."""
    standing = [each for each in found if each.kind != Kind.ORPHANED]
    keys = {
        name: [each.key for each in standing if each.mirror == name]
        for name in ("owners", "guests", "properties")
    }
    owners = Owner.objects.filter(user__in=keys["owners"]).values_list("user", "pk")
    houses = Property.objects.filter(pk__in=keys["properties"]).values_list("pk", "slug")
    pages = {
        ("owners", user): reverse("admin:accounts_owner_change", args=[pk]) for user, pk in owners
    }
    pages |= {("properties", pk): reverse("house", args=[slug]) for pk, slug in houses}
    return pages | {
        ("guests", email): list_url(EnquiryRecord, q=str(email)) for email in keys["guests"]
    }


# --- Repairing --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repaired:
    outcome: Outcome
    left: int = 0


def repair_chosen(choice: Choice, *, now: datetime) -> Repaired:
    """Repair what was chosen, at most as much as a page has time for."""
    totals = {entity: count(compare(entity), choice.kind) for entity in choice.chosen}
    # All are read before the first is repaired: a repair moves those that come after.
    found = list(_slice(choice.kind, totals, 0, MOST_AT_ONCE))
    outcome, done, deadline = Outcome(), 0, time.monotonic() + LONGEST_SECONDS
    for batch in _batches(found):
        if time.monotonic() > deadline:
            break
        outcome += mend(batch, now=now)
        done += len(batch)
    return Repaired(outcome, left=sum(totals.values()) - done)


def _batches(found: list[Difference]) -> Iterator[list[Difference]]:
    """Group by mirror and kind, orphans first: they may hold what a new record needs."""
    for _, of_mirror in groupby(found, key=lambda each: each.mirror):
        kinds = sorted(of_mirror, key=lambda each: ORDER.index(each.kind))
        for _, alike in groupby(kinds, key=lambda each: each.kind):
            batch = list(alike)
            for start in range(0, len(batch), REPAIRED_TOGETHER):
                yield batch[start : start + REPAIRED_TOGETHER]


def report(request: HttpRequest, repaired: Repaired, *, now: datetime) -> None:
    """Say what a repair did, with the log entries that it left."""
    outcome = repaired.outcome
    done = {
        "created": outcome.created,
        "brought up to date": outcome.updated,
        "marked as deleted": outcome.deleted,
    }
    words = ", ".join(f"{number:,} {what}" for what, number in done.items() if number)
    if words:
        _say_repaired(request, sum(done.values()), words, now)
    elif not outcome.failed and not repaired.left:
        messages.info(request, "Nothing was left to repair: it equals its source.")
    if outcome.failed:
        failures = link_to(list_url(SyncFailure, state="open"), "Sync failures says why")
        text = "{} could not be repaired. {}."
        messages.error(request, format_html(text, counted(outcome.failed), failures))
    if repaired.left:
        messages.warning(
            request,
            f"{counted(repaired.left)} not repaired yet. The worker does the rest within a "
            "quarter of an hour; or repair again.",
        )


def _say_repaired(request: HttpRequest, number: int, words: str, now: datetime) -> None:
    entries = ""
    if may(request, "view", ActivityLog):
        url = list_url(ActivityLog, window=write_window(now, now))
        entries = link_to(url, "See what was written")
    messages.success(request, format_html("{} repaired: {}. {}", counted(number), words, entries))


def counted(number: int) -> str:
    return f"{number:,} {'record' if number == 1 else 'records'}"
