"""Rows that are saved together with what follows from them."""

from typing import Any

from django.db import models, transaction


class SavedWhole(models.Model):
    """Saved in one transaction with all that its signals write: a crash leaves both or neither.

    Django gives a deletion such a transaction itself; a plain save() it does not.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
