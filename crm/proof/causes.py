"""What let records drift from their sources: worked out for many at once, from what is on file.

docs/mirror.md says what each of the answers claims.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from crm.mirror import Mirror
from crm.mirror.fingerprint import fingerprints
from crm.mirror.rows import Key, Row
from crm.models import Cause, SyncCheck, SyncFailure
from crm.models.base import Record
from crm.proof import feeds
from crm.proof.logged import Log


@dataclass
class CauseFinder:
    """What is on file since equality was last proved. Make one for each look at the differences.

    A repair leaves out what it logs itself, from its own time `until` on.
    """

    until: datetime | None = None

    @cached_property
    def proof(self) -> SyncCheck | None:
        return SyncCheck.objects.filter(differences=0).first()

    @cached_property
    def remapped(self) -> set[str]:
        """The fingerprints' names that no longer say what they said at the proof."""
        known = self.proof.declarations if self.proof else {}
        mirrors = {name for name in known if "." not in name}
        return {
            name
            for name, now in fingerprints().items()
            if name.partition(".")[0] in mirrors and known.get(name) != now
        }

    @cached_property
    def written(self) -> feeds.Written:
        return feeds.since(self.proof and self.proof.started_at)

    def of_rows(self, mirror: Mirror, rows: Sequence[Row]) -> dict[Key, Cause]:
        """Name the cause for sources whose record is missing or differs."""
        failed = _failed(mirror, [row.key for row in rows])
        log = Log(self.until)
        by_hand = log.changed_by_hand(mirror, [row for row in rows if row.record_id])
        by_hand |= log.removed_by_hand(mirror, [row.key for row in rows if not row.record_id])
        in_bulk = self.written.reaching(mirror, {row.key: row.new for row in rows})
        return {
            row.key: _first_of(
                failed=row.key in failed,
                by_hand=row.key in by_hand,
                remapped=self._is_remapped(mirror, row),
                in_bulk=row.key in in_bulk,
            )
            for row in rows
        }

    def of_orphans(self, mirror: Mirror, records: Sequence[Record]) -> dict[UUID, Cause]:
        """Name the cause for records whose source is gone."""
        keys = {record.pk: mirror.key_of(record) for record in records}
        failed = _failed(mirror, keys.values())
        by_hand = Log(self.until).linked_by_hand(mirror, keys)
        in_bulk = self.written.reaching(mirror, {key: {} for key in keys.values()})
        return {
            pk: _first_of(
                failed=key in failed,
                by_hand=pk in by_hand,
                remapped=mirror.name in self.remapped,
                in_bulk=key in in_bulk,
            )
            for pk, key in keys.items()
        }

    def _is_remapped(self, mirror: Mirror, row: Row) -> bool:
        """Whether the choice of sources changed, or the mapping of all that differs."""
        columns = {f"{mirror.name}.{column}" for column in row.changes}
        return mirror.name in self.remapped or bool(row.record_id) and columns <= self.remapped


def _first_of(*, failed: bool, by_hand: bool, remapped: bool, in_bulk: bool) -> Cause:
    if failed:
        return Cause.FAILED_SYNC
    if by_hand:
        return Cause.RECORD_WRITTEN
    if remapped:
        return Cause.MAPPING_CHANGED
    return Cause.BULK_WRITE if in_bulk else Cause.RAW_WRITE


def _failed(mirror: Mirror, keys: Iterable[Any]) -> set[Any]:
    """Return those of the keys whose last sync failed, and has not been mended since."""
    names = {f"{mirror.name}:{key}": key for key in keys}
    failures = SyncFailure.objects.open().filter(source_key__in=names)
    return {names[name] for name in failures.values_list("source_key", flat=True)}
