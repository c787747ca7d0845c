"""The SQL of a log entry: what was created or changed, in the words and with the values of both."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Field

from crm.mirror.history import ROUTINE, TITLE_LENGTH
from crm.mirror.json_sql import changes_sql
from crm.models.activity import ActivityLog, ActivityType

if TYPE_CHECKING:
    from crm.mirror.base import Mirror


class LogEntry:
    """Made for each row of a SyncStatement's `stale`: a source whose record is missing or differs.

    `differs` returns the condition that a column does.
    """

    def __init__(
        self,
        mirror: "Mirror",
        fields: Mapping[str, Field],
        differs: Callable[[str], str],
        *,
        on_postgresql: bool,
    ) -> None:
        self.mirror = mirror
        self.fields = fields
        self.differs = differs
        self.on_postgresql = on_postgresql

    def insert(self, slots: Mapping[str, str]) -> str:
        """Return the statement; `slots` say where actor, origin, cause and now are found."""
        columns = {
            "entity_type": _literal(self.mirror.entity.value),
            "entity_id": "entity_id",
            "activity_type": self._activity_type(),
            "title": f"SUBSTR({self._title()}, 1, {TITLE_LENGTH})",
            "description": "''",
            "outcome": self._outcome(),
            "changes": changes_sql(self.fields, self.differs, on_postgresql=self.on_postgresql),
            "actor": slots["actor"],
            "origin": slots["origin"],
            "cause": slots["cause"],
            "created_at": slots["now"],
        }
        return (
            f"INSERT INTO {connection.ops.quote_name(ActivityLog._meta.db_table)} "
            f"({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM stale"
        )

    def _activity_type(self) -> str:
        created, changed, updated = map(
            _literal, (ActivityType.CREATED, ActivityType.STATUS_CHANGED, ActivityType.UPDATED)
        )
        return self._by_kind(created, changed, updated)

    def _title(self) -> str:
        kind = self._by_kind("'created'", self._status_word(), "'updated'")
        return f"{_literal(self.mirror.entity.label + ' ')} || {kind} || ': ' || called"

    def _by_kind(self, created: str, status_changed: str, updated: str) -> str:
        status = self.mirror.status
        step = f"WHEN {self.differs(status)} THEN {status_changed} " if status else ""
        return f"CASE WHEN record_id IS NULL THEN {created} {step}ELSE {updated} END"

    def _status_word(self) -> str:
        status = self.mirror.status
        if not status:
            return "''"
        words = " ".join(
            f"WHEN {_literal(value)} THEN {_literal(str(label).lower())}"
            for value, label in self.fields[status].flatchoices
        )
        return f"CASE new_{status} {words} ELSE new_{status} END"

    def _outcome(self) -> str:
        news = [name for name in self.fields if name not in self.mirror.routine]
        return (
            f"CASE WHEN record_id IS NULL OR {' OR '.join(map(self.differs, news))} "
            f"THEN '' ELSE '{ROUTINE}' END"
        )


def _literal(text: str) -> str:
    """Quote one of our own words for SQL that is still to get its values by %."""
    return "'" + str(text).replace("'", "''").replace("%", "%%") + "'"
