"""The health page: what was proved, when and how, and what lies behind each figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.admin_columns import admin_url
from accounts.london import day_of
from billing.models import ReconcileRun
from crm.admin.differences import PLURALS, differences_url, may_see, sources_url
from crm.admin.filters import write_window
from crm.dashboard import readable
from crm.home import list_url, may
from crm.mirror import ENTITIES
from crm.models import ActivityLog, ActivityType, BulkWrite, Cause, Entity, SyncCheck, SyncFailure
from crm.proof.differences import Kind
from crm.proof.evidence import (
    DRIFT_DAYS,
    Window,
    counted_by,
    drift,
    drift_since,
    gather,
    last_day,
    newest_of_each_cause,
)
from crm.proof.stripe import standing
from crm.proof.verdict import judge

BYPASSES_LISTED = 5
CHECKS_LISTED = 6
CHECKS_IN_STRIP = 96  # a day of them


def health_page(request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    evidence, failures = gather()
    return {
        "title": "Sync health",
        "verdict": judge(evidence, now=now),
        "check": evidence.check,
        "rows": _linked_rows(request, evidence.check),
        "differences_url": differences_url(),
        "failures": failures,
        "failures_url": may(request, "view", SyncFailure) and list_url(SyncFailure, state="open"),
        "checks": _checks(),
        "checks_url": list_url(SyncCheck),
        "drift_days": DRIFT_DAYS,
        "coverage": coverage(),
        "column_count": sum(len(each["columns"]) for each in coverage()),
        **_stripe(request, now),
        **_bulk_writes(request, evidence.check, now),
        **_history(request, now),
    }


def _stripe(request: HttpRequest, now: datetime) -> dict[str, Any]:
    stripe = readable(lambda: standing(now=now))
    if stripe is None or not may(request, "view", ReconcileRun):
        return {"stripe": stripe}
    to_run = stripe.run and stripe.run.found
    return {
        "stripe": stripe,
        "stripe_url": admin_url(stripe.run) if to_run else list_url(ReconcileRun),
    }


# --- Counts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    name: str
    count: int
    url: str = ""

    @property
    def is_fault(self) -> bool:
        return self.name in Kind.values and self.count > 0


@dataclass(frozen=True)
class Line:
    title: str
    figures: list[Figure]


def _linked_rows(request: HttpRequest, check: SyncCheck | None) -> list[Line]:
    """Link each count to its rows, for those who may see them."""
    return [
        Line(title, [_linked(request, entity, figure) for figure in figures])
        for entity, title, figures in _counted(check)
    ]


def plain_rows(check: SyncCheck) -> list[Line]:
    """Return the counts without links: an old check's figures have no rows any more."""
    return [Line(title, figures) for _, title, figures in _counted(check)]


def _counted(check: SyncCheck | None) -> Iterator[tuple[Entity, str, list[Figure]]]:
    for entity in Entity if check else ():
        if counts := check.entities.get(entity):
            yield entity, PLURALS[entity], [Figure(*pair) for pair in counts.items()]


def _linked(request: HttpRequest, entity: Entity, figure: Figure) -> Figure:
    if not may_see(request, entity):
        return figure
    return replace(figure, url=_rows_behind(entity, figure.name))


def _rows_behind(entity: Entity, name: str) -> str:
    if name in Kind.values:
        return differences_url(entity=entity.value, kind=name)
    if name == "source":
        return sources_url(entity=entity.value)
    # A contact that staff added by hand has no source, and counts neither there nor here.
    mirrored = {"role": "either"} if entity == Entity.CONTACTS else {}
    return list_url(ENTITIES[entity][0].record, standing="yes", **mirrored)


# --- What happened ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Matrix:
    """Counted log entries: one line for each kind or cause, one column for each entity."""

    lines: list[Line]
    total: Figure


def _history(request: HttpRequest, now: datetime) -> dict[str, Any]:
    if not may(request, "view", ActivityLog):
        return {"shows_history": False}
    return {
        "shows_history": True,
        "activity": readable(lambda: activity_matrix(now)),
        "drift": readable(lambda: drift_matrix(now)),
        "examples": readable(lambda: newest_of_each_cause(drift_since(now))) or [],
    }


def activity_matrix(now: datetime) -> Matrix:
    window = last_day(now)
    asked = {"window": write_window(window.first, window.last)}
    counted = counted_by(window.entries(), "activity_type", "entity_type")
    return _matrix(counted, ActivityType, "what", asked)


def drift_matrix(now: datetime) -> Matrix:
    since = drift_since(now)
    asked = {"created_at_from": day_of(since).isoformat()}
    matrix = _matrix(counted_by(drift(since), "cause", "entity_type"), Cause, "cause", asked)
    return Matrix(
        matrix.lines,
        Figure("total", matrix.total.count, list_url(ActivityLog, cause="any", **asked)),
    )


def _matrix(
    counted: Mapping[str, Mapping[str, int]], kinds: Any, parameter: str, asked: dict[str, str]
) -> Matrix:
    """Lay out what was counted; each cell links to the log narrowed down to its own entries."""
    lines = []
    for kind in kinds:
        if kind not in counted:
            continue
        own = asked | {parameter: kind.value}
        figures = [
            Figure(
                PLURALS[entity],
                counted[kind].get(entity, 0),
                list_url(ActivityLog, entity=entity.value, **own),
            )
            for entity in Entity
        ]
        everything = Figure("All", sum(counted[kind].values()), list_url(ActivityLog, **own))
        lines.append(Line(kind.label, [*figures, everything]))
    total = sum(line.figures[-1].count for line in lines)
    return Matrix(lines, Figure("total", total, list_url(ActivityLog, **asked)))


def _bulk_writes(request: HttpRequest, check: SyncCheck | None, now: datetime) -> dict[str, Any]:
    if not may(request, "view", BulkWrite):
        return {}
    return {
        "bypasses": readable(lambda: bypasses(now)),
        "unproved": readable(lambda: unproved(check, now)),
    }


@dataclass(frozen=True)
class Bypasses:
    """Writes to sources that sent no signal, by whom."""

    count: int
    newest: list[BulkWrite]
    url: str


def bypasses(now: datetime) -> Bypasses:
    since = drift_since(now)
    rows: QuerySet[BulkWrite] = BulkWrite.objects.filter(created_at__gte=since)
    url = list_url(BulkWrite, created_at_from=day_of(since).isoformat())
    return Bypasses(rows.count(), list(rows[:BYPASSES_LISTED]), url)


def unproved(check: SyncCheck | None, now: datetime) -> Figure:
    """Return the bulk writes since the check began: of what they wrote, nothing is proved yet."""
    if check is None:
        return Figure("bulk writes", 0)
    since = Window(check.started_at + timedelta(microseconds=1), now)
    url = list_url(BulkWrite, window=write_window(since.first, since.last))
    return Figure("bulk writes", since.within(BulkWrite.objects.all()).count(), url)


# --- Checks -----------------------------------------------------------------------------------


def _checks() -> dict[str, list[SyncCheck]] | None:
    newest = SyncCheck.objects.defer("entities", "declarations")
    found = readable(lambda: list(newest[:CHECKS_IN_STRIP]))
    return found and {"strip": found[::-1], "listed": found[:CHECKS_LISTED]}


# --- How --------------------------------------------------------------------------------------


def coverage() -> list[dict[str, Any]]:
    """Say which columns of each record are compared, with which source: all that are mirrored."""
    return [
        {
            "title": PLURALS[entity],
            "sources": sorted({_plural(mirror.source) for mirror in mirrors}),
            "columns": [_words(mirrors[0].record, name) for name in mirrors[0].columns],
        }
        for entity, mirrors in ENTITIES.items()
    ]


def _plural(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _words(record: type[Model], column: str) -> str:
    return str(record._meta.get_field(column).verbose_name)
