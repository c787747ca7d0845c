"""One of many values, however many: they travel to the database as one."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Func


class Among(Func):
    """True where an expression has one of the values: `IN` without a parameter for each.

    A batch asks for a thousand keys several times over; to write out each of them takes longer
    than the database needs to find their rows.
    """

    arity = 1
    output_field = BooleanField()

    def __init__(self, expression: Any, values: Iterable[int | str], **extra: Any) -> None:
        super().__init__(expression, **extra)
        self.values = list(values)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        if not self.values:
            raise EmptyResultSet
        sql, values = compiler.compile(self.source_expressions[0])
        if connection.vendor == "postgresql":
            return f"{sql} = ANY(%s)", [*values, as_array(self.values)]
        return f"{sql} IN (SELECT value FROM json_each(%s))", [*values, json.dumps(self.values)]  # noqa: S608


def as_array(values: Iterable[int | str]) -> str:
    """Return them as PostgreSQL writes an array: psycopg takes long to write one of a list."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: int | str) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
