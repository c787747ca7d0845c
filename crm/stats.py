"""How much there is, and what happened lately: the figures that staff ask for by name."""

from datetime import datetime, timedelta

from django.db.models import Count

from crm.mirror import ENTITIES
from crm.models import ActivityLog, SyncFailure

LATELY = timedelta(hours=24)


def counts_per_entity() -> dict[str, int]:
    """Return how many records stand, tombstones left out; contacts added by hand are counted."""
    return {
        entity.value: mirrors[0].record.objects.standing().count()
        for entity, mirrors in ENTITIES.items()
    }


def recent_activity(*, now: datetime) -> dict[str, dict[str, int]]:
    """Return `{entity: {activity type: entries}}` of the last 24 hours."""
    found: dict[str, dict[str, int]] = {entity.value: {} for entity in ENTITIES}
    entries = ActivityLog.objects.filter(created_at__gt=now - LATELY).order_by()
    kinds = entries.values_list("entity_type", "activity_type").annotate(Count("pk"))
    for entity, kind, count in sorted(kinds):
        found.setdefault(entity, {})[kind] = count  # a word of an older version stays visible
    return found


def open_failures() -> int:
    return SyncFailure.objects.open().count()
