"""Tells whether a declaration is still the one that an earlier check proved."""

from functools import cache
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from crm.mirror.base import MIRRORS, Mirror


@cache
def fingerprints() -> dict[str, str]:
    """Return `{mirror: of its choice of sources, mirror.column: of the column's expression}`.

    The same in every process: they are made of the SQL and its values alone.
    """
    return {name: print_ for mirror in MIRRORS.values() for name, print_ in _of(mirror).items()}


def _of(mirror: Mirror) -> dict[str, str]:
    columns = {
        f"{mirror.name}.{column}": _digest(mirror.projection().values(f"new_{column}"))
        for column in mirror.columns
    }
    return {mirror.name: _digest(mirror.sources().values(mirror.key)), **columns}


def _digest(rows: QuerySet[Any]) -> str:
    sql, values = rows.query.sql_with_params()
    return sha256(f"{sql} {values!r}".encode()).hexdigest()[:16]
