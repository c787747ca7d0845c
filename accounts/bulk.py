"""Writes to many rows at once, which send no signal of their own, say that they happened."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.dispatch import Signal

Row = TypeVar("Row", bound=Model)

# sender: the model; method: "update" or "bulk_create"; columns: those that an update set; keys: of
# the rows, None when there were more than KEYS_AT_MOST or nobody knows; rows: how many.
rows_written = Signal()

KEYS_AT_MOST = 1_000


class AnnouncedQuerySet(QuerySet[Row]):
    """Announces `update()` and `bulk_create()`; a `bulk_update()` is one update for each batch."""

    def update(self, **columns: Any) -> int:
        keys = self._keys_to_be_written()
        rows = super().update(**columns)
        if rows:
            self._announce("update", sorted(columns), keys if len(keys) >= rows else None, rows)
        return rows

    update.alters_data = True  # type: ignore[attr-defined]  # Django's mark against templates

    def bulk_create(self, objs: Iterable[Row], *args: Any, **options: Any) -> list[Row]:
        rows = super().bulk_create(objs, *args, **options)
        if rows:
            keys = [row.pk for row in rows[: KEYS_AT_MOST + 1]]
            self._announce("bulk_create", [], None if None in keys else keys, len(rows))
        return rows

    bulk_create.alters_data = True  # type: ignore[attr-defined]  # as above

    def _keys_to_be_written(self) -> list[Any]:
        """Ask before the update: afterwards the rows may no longer match."""
        rows = self.order_by().values_list("pk", flat=True)
        rows.query.select_for_update = False
        return list(rows[: KEYS_AT_MOST + 1])

    def _announce(self, method: str, columns: list[str], keys: list[Any] | None, rows: int) -> None:
        if keys is not None and len(keys) > KEYS_AT_MOST:
            keys = None
        rows_written.send(self.model, method=method, columns=columns, keys=keys, rows=rows)
