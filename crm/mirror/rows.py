"""What a sync compares, and what it has to say afterwards."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

Key = int | str


class Found(StrEnum):
    """What a sync found of a source, and did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"


WRITTEN = {Found.CREATED, Found.UPDATED}


@dataclass(frozen=True)
class Awaited:
    """A record that is still to be made for this source, under an id that nobody knows yet."""

    mirror: str
    key: Key

    def __str__(self) -> str:
        return f"the new record of {self.mirror} {self.key}"


@dataclass
class Row:
    """A source row as it should stand in the CRM, beside how it stands there now."""

    key: Key
    record_id: uuid.UUID | None
    old: dict[str, Any]
    new: dict[str, Any]
    called: str = ""  # what people call it; may be empty

    @cached_property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """`{column: (before, after)}` of what differs; every column when there is no record."""
        if self.record_id is None:
            return {column: (None, value) for column, value in self.new.items()}
        return {
            column: (self.old[column], value)
            for column, value in self.new.items()
            if self.old[column] != value
        }


@dataclass
class Outcome:
    """How many records a sync created, updated, left as they were, and marked as deleted."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0

    @classmethod
    def of(cls, found: Mapping[Key, str], *, deleted: int = 0) -> Self:
        """Count what a SyncStatement found."""
        counts = Counter(found.values())
        created, updated = counts[Found.CREATED], counts[Found.UPDATED]
        return cls(created, updated, len(found) - created - updated, deleted)

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
            self.failed + other.failed,
        )
