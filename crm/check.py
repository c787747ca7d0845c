"""Proof that every record equals its source: counted inside the database, repaired by sync."""

import time
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from crm.backfill import sync_batch
from crm.mirror import ENTITIES, Mirror, Outcome
from crm.models import Entity, SyncCheck

BATCH_SIZE = 500


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
        return self.missing + self.changed + self.orphaned

    def __add__(self, other: "Comparison") -> "Comparison":
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return Comparison(*(mine + theirs for mine, theirs in pairs))


def compare(entity: Entity) -> Comparison:
    return sum((_compare(mirror) for mirror in ENTITIES[entity]), start=Comparison())


def _compare(mirror: Mirror) -> Comparison:
    return Comparison(
        source=mirror.sources().count(),
        records=mirror.records().count(),
        missing=mirror.missing().count(),
        changed=mirror.changed().count(),
        orphaned=mirror.orphaned().count(),
    )


def run_check(*, now: datetime, repaired: bool = False) -> SyncCheck:
    """Compare everything and keep the result as a SyncCheck."""
    started = time.monotonic()
    comparisons = {entity: compare(entity) for entity in ENTITIES}
    return SyncCheck.objects.create(
        started_at=now,
        seconds=round(time.monotonic() - started, 3),
        entities={entity.value: asdict(found) for entity, found in comparisons.items()},
        differences=sum(found.differences for found in comparisons.values()),
        repaired=repaired,
    )


def repair(entity: Entity, *, now: datetime) -> Outcome:
    """Sync what differs. Call it for the entities in their order: later ones refer to earlier."""
    return sum((_repair(mirror, now=now) for mirror in ENTITIES[entity]), start=Outcome())


def _repair(mirror: Mirror, *, now: datetime) -> Outcome:
    with transaction.atomic():
        outcome = Outcome(deleted=mirror.bury(mirror.orphaned(), now))
    for differing in (mirror.missing, mirror.changed):
        keys = list(differing().values_list("mirror_key", flat=True))
        for start in range(0, len(keys), BATCH_SIZE):
            outcome += sync_batch(mirror, keys[start : start + BATCH_SIZE], now=now)
    return outcome
