"""Values as they stand in a record, also those that cannot stand there.

SQLite lets anybody put any text into any column. Django would refuse to read such a row, or read
nothing in its place; a check has to tell what is there, so that it can be mended.
"""

from typing import Any

from django.db import connection
from django.db.models import Field, Func, Value
from django.db.models.expressions import Combinable


class Unread(Field):
    """A value that no converter touches."""

    def get_internal_type(self) -> str:
        return "Unread"


class AsStored(Func):
    template = "(+%(expressions)s)"  # the sign keeps the driver from going by the column's type
    output_field = Unread()


def stored(path: Combinable) -> Combinable:
    """Return an expression to be read by `value_of`."""
    return AsStored(path) if connection.vendor == "sqlite" else path


def value_of(field: Field, found: Any) -> Any:
    """Return the column's value or, if it is none, what stands there instead."""
    if connection.vendor != "sqlite" or found is None:
        return found
    column = Value(None, output_field=field.target_field if field.is_relation else field)
    value = found
    try:
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        ):
            value = convert(value, column, connection)
    except (AttributeError, TypeError, ValueError):
        return found
    return found if value is None else value
