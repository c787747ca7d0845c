"""Joins that lose no row, whatever the row refers to."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.sql.constants import INNER


def keeping_all(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows with outer joins alone. Call it when all that joins has been added.

    Django trusts a foreign key that may not be empty to lead somewhere. A row deleted past the
    constraints leaves others that lead nowhere, and these are sources like any.
    """
    kept = rows.all()
    joins = kept.query.alias_map
    for alias, join in joins.items():
        if join.join_type == INNER:
            joins[alias] = join.promote()
    return kept
