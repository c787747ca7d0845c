"""What every record shares: a UUID for relations, a tombstone, columns that only staff write."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models


class RecordQuerySet(models.QuerySet[Any]):
    def standing(self) -> Self:
        """Records whose source still exists."""
        return self.filter(source_deleted_at=None)


class Record(models.Model):
    """A row of the mirror. `id` is for relations; the link to the source is for look-ups.

    The link has no database constraint and asks nothing of the record when the source is deleted:
    a broken CRM must never stop the main write. `post_delete` empties it and sets the tombstone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source_deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Owned by the CRM: no sync, check or repair ever writes these.
    notes = models.TextField(blank=True)
    tags = models.JSONField(default=list, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_staff": True},
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True


def source_link(model: str) -> models.OneToOneField:
    return models.OneToOneField(
        model,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        editable=False,
        related_name="crm_record",
    )
