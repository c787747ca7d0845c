"""Joins that lose no row, whatever the row refers to."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.db.models.sql import Query
from django.db.models.sql.constants import INNER


class KeepingAll(Query):
    """A query all of whose own joins are outer ones, also those that are still to come.

    Django trusts a foreign key that may not be empty to lead somewhere. A row deleted past the
    constraints leaves others that lead nowhere, and these are sources like any.
    """

    def join(self, *args: Any, **kwargs: Any) -> str:
        alias = super().join(*args, **kwargs)
        self.promote(alias)
        return alias

    def promote(self, alias: str) -> None:
        if self.alias_map[alias].join_type == INNER:
            self.alias_map[alias] = self.alias_map[alias].promote()

    def demote_joins(self, aliases: Iterable[str]) -> None:
        pass


def keeping_all(rows: QuerySet[Any]) -> QuerySet[Any]:
    kept = rows.all()
    kept.query = rows.query.chain(klass=KeepingAll)
    for alias in kept.query.alias_map:
        kept.query.promote(alias)
    return kept
