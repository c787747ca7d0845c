"""Proof that every record equals its source: counted inside the database, repaired by sync."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from crm.mirror import ENTITIES, MIRRORS, Mirror, Outcome
from crm.mirror.fingerprint import fingerprints
from crm.models import Entity, SyncCheck
from crm.proof.bulk_writes import forget_old
from crm.proof.causes import CauseFinder
from crm.proof.differences import Kind, batches_of
from crm.proof.mending import mend
from crm.proof.unreadable import mend_ids
from crm.retrying import settle_mended

# What has lost its source goes first: it may hold what a new record needs.
ORDER = (Kind.ORPHANED, Kind.MISSING, Kind.CHANGED)
# A record that went by another's link, set by hand, leaves that one missing once it is put right.
ROUNDS = 2


@dataclass
class Comparison:
    """One entity's sources against its records."""

    source: int = 0
    records: int = 0
    missing: int = 0
    changed: int = 0
    orphaned: int = 0

    @property
    def differences(self) -> int:
        """At least as many as sources and records are apart: equality can never be proved by less.

        Each source without a record of its own is missing, or changed where it has a tombstone;
        each record without a source of its own is orphaned, or changed where its owner is.
        """
        named = self.missing + self.changed + self.orphaned
        return max(named, abs(self.source - self.records))

    def __add__(self, other: "Comparison") -> "Comparison":
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return Comparison(*(mine + theirs for mine, theirs in pairs))


Comparisons = dict[Entity, Comparison]


@dataclass
class Progress:
    """How far a repair has come; `watch` is called with it after each step."""

    found: int | None = None  # None while the differences are still being counted
    mended: int = 0
    outcome: Outcome = field(default_factory=Outcome)
    watch: Callable[["Progress"], None] = lambda progress: None

    def count(self, tried: int, outcome: Outcome) -> None:
        self.mended += tried - outcome.failed
        self.outcome += outcome
        self.watch(self)


# --- Comparing ------------------------------------------------------------------------------------


def compare(entity: Entity) -> Comparison:
    return sum((_compare(mirror) for mirror in ENTITIES[entity]), start=Comparison())


def compare_all(look: Callable[[], None] = lambda: None) -> Comparisons:
    """Compare one entity after the other; `look` is called after each, and may raise."""
    found = {}
    for entity in ENTITIES:
        found[entity] = compare(entity)
        look()
    return found


def count(comparisons: Comparisons) -> int:
    return sum(found.differences for found in comparisons.values())


def _compare(mirror: Mirror) -> Comparison:
    """Each count is one statement, and so sees every save either whole or not at all."""
    source, records = mirror.totals()
    return Comparison(
        source=source,
        records=records,
        missing=mirror.missing().count(),
        changed=mirror.changed().count(),
        orphaned=mirror.orphaned().count(),
    )


# --- Repairing ------------------------------------------------------------------------------------


def repair(entity: Entity, *, now: datetime, progress: Progress | None = None) -> Outcome:
    """Sync what differs. Call it for the entities in their order: later ones refer to earlier."""
    finder, progress = CauseFinder(until=now), progress or Progress()
    for mirror in ENTITIES[entity]:
        for kind in ORDER:
            for batch in batches_of(mirror, kind, finder):
                mend(batch, now=now, tell=progress.count)
    return progress.outcome


# --- With the result on file ----------------------------------------------------------------------


def run_check(*, now: datetime, look: Callable[[], None] = lambda: None) -> SyncCheck:
    """Compare everything and keep the result as a SyncCheck."""
    started = time.monotonic()
    forget_old(now=now)
    found = compare_all(look)
    return _store(found, count(found), now=now, started=started)


def run_repair(*, now: datetime, progress: Progress) -> SyncCheck:
    """Compare, repair what differs, compare anew and keep the result as a SyncCheck.

    All that it logs has the time `now`, which is the check's `started_at`.
    """
    started = time.monotonic()
    forget_old(now=now)
    for mirror in MIRRORS.values():
        mend_ids(mirror, now)
    found = after = compare_all()
    progress.found = count(found)
    progress.watch(progress)
    for _ in range(ROUNDS):
        if count(after) > progress.outcome.failed:  # more than what cannot be written anyway
            progress.outcome.failed = 0
            for entity in ENTITIES:
                repair(entity, now=now, progress=progress)
            after = compare_all()
    settle_mended(now=now)
    return _store(after, count(found), now=now, started=started, repaired=True)


def _store(
    comparisons: Comparisons, found: int, *, now: datetime, started: float, repaired: bool = False
) -> SyncCheck:
    return SyncCheck.objects.create(
        started_at=now,
        seconds=round(time.monotonic() - started, 3),
        entities={entity.value: asdict(each) for entity, each in comparisons.items()},
        differences=count(comparisons),
        found=found,
        repaired=repaired,
        declarations=fingerprints(),
    )
