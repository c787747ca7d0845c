from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction


class Entity(models.TextChoices):
    """The four mirrored entities, by the names that commands and statistics use."""

    CONTACTS = "contacts", "Contact"
    PROPERTIES = "properties", "Property"
    ENQUIRIES = "enquiries", "Enquiry"
    MEMBERSHIPS = "memberships", "Membership"


class ActivityType(models.TextChoices):
    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    STATUS_CHANGED = "status_changed", "Status changed"
    DELETED = "deleted", "Deleted"
    MERGED = "merged", "Merged"


class Cause(models.TextChoices):
    """Why a record had drifted from its source, when a repair had to mend it."""

    FAILED_SYNC = "failed_sync", "Failed sync"
    MAPPING_CHANGED = "mapping_changed", "Mapping changed"
    BULK_WRITE = "bulk_write", "Bulk write"
    RAW_WRITE = "raw_write", "Raw write"
    RECORD_WRITTEN = "record_written", "Record written by hand"


class HistoryIsAppendOnly(Exception):
    """An activity row was about to be changed or deleted."""


class HistoryQuerySet(models.QuerySet["ActivityLog"]):
    """Adds and reads. What stands is neither changed nor deleted, one row or many."""

    def update(self, **values: Any) -> NoReturn:
        raise HistoryIsAppendOnly("The activity log is never changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryIsAppendOnly("The activity log is never changed.")

    def delete(self) -> NoReturn:
        raise HistoryIsAppendOnly("The activity log is never deleted.")

    def bulk_create(self, objs: Iterable["ActivityLog"], *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts"):
            raise HistoryIsAppendOnly("The activity log is never changed.")
        return super().bulk_create(objs, *args, **kwargs)

    def forget(self, **values: Any) -> int:
        """Overwrite what the log says: for a person's right to be forgotten, and nothing else."""
        with transaction.atomic(), _door_open():
            return super().update(**values)


@contextmanager
def _door_open() -> Iterator[None]:
    """Let a change past the guard that PostgreSQL keeps; SQLite keeps none (docs/decisions)."""
    _let_through("on")
    yield
    _let_through("off")  # an error takes it back with the transaction


def _let_through(word: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('gatehouse.forgetting', %s, true)", [word])


class ActivityLog(models.Model):
    """One change, by one writer. No foreign key to what it describes: the entry outlives it.

    `changes` is `{column: [before, after]}` with JSON values.
    """

    entity_type = models.CharField("entity", max_length=12, choices=Entity)
    entity_id = models.UUIDField()
    activity_type = models.CharField("what", max_length=15, choices=ActivityType)
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    outcome = models.CharField(max_length=100, blank=True)
    changes = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    actor = models.CharField("who", max_length=254)
    origin = models.CharField(max_length=20, blank=True)
    # Of a repair only: what let the record drift.
    cause = models.CharField(max_length=15, choices=Cause, blank=True)
    created_at = models.DateTimeField("when")

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "crm_activity_log"
        base_manager_name = "objects"
        verbose_name = "activity"
        verbose_name_plural = "activity log"
        ordering = ["-created_at", "-id"]
        indexes = [
            # Holds all that a list is narrowed by: whatever the choice, the rows to show and their
            # number are found in here, without reading the table. See docs/decisions.
            models.Index(
                fields=[
                    "-created_at",
                    "-id",
                    "entity_type",
                    "activity_type",
                    "outcome",
                    "actor",
                    "origin",
                    "cause",
                ],
                name="activity_to_read",
            ),
            models.Index(fields=["entity_id", "-id"], name="activity_of_record"),
            models.Index(
                fields=["-created_at", "cause"],
                condition=~models.Q(cause=""),
                name="activity_drift",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise HistoryIsAppendOnly("The activity log is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryIsAppendOnly("The activity log is never deleted.")
