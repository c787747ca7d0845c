"""What each field of each source may be set to, worked out from the models themselves.

So a new field is tried from the day it exists. Values that a constraint forbids come up too: then
the database refuses the write, and the records must stand as before.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection, models
from hypothesis import strategies as st

from accounts.models import User
from crm.tests.mirror.oracle import SOURCES

ADDRESSES = [f"person{number}@example.com" for number in range(6)]
PICTURES = [f"photos/picture{number}.png" for number in range(3)]
TEXTS = ["", "x", "Ann van Berg", " Ann", "O'Neil %s", 'a\\b"c', "Ünï 🏠\n", "null", "0"]
DAYS = [date(1999, 12, 31), date(2026, 3, 29), date(2026, 8, 1), date(2027, 1, 10)]
MOMENTS = [
    datetime(2025, 10, 26, 1, 30, tzinfo=UTC),  # London's clocks go back
    datetime(2026, 6, 30, 23, 30, 0, 120_000, tzinfo=UTC),  # the next day in London
    datetime(2027, 1, 1, tzinfo=UTC),
]
OF_TYPE: dict[type[models.Field], Callable[[Any], list[Any]]] = {
    models.BooleanField: lambda field: [True, False],
    models.EmailField: lambda field: ["", *ADDRESSES],
    models.ImageField: lambda field: ["", *PICTURES],
    models.DateTimeField: lambda field: MOMENTS,
    models.DateField: lambda field: DAYS,
    models.TimeField: lambda field: [time(0, 0), time(15, 0)],
    models.DecimalField: lambda field: [Decimal(0), Decimal("-1.5")],
    models.JSONField: lambda field: [[], ["a", "Ü"]],
    models.IntegerField: lambda field: [0, 1, 2, 7, _largest(field)],
    models.CharField: lambda field: [*(t[: field.max_length] for t in TEXTS), _longest(field)],
    models.TextField: lambda field: [*TEXTS, "long " * 999],
}


def _largest(field: models.IntegerField) -> int:
    return connection.ops.integer_field_range(field.get_internal_type())[1]


def _longest(field: models.CharField) -> str:
    return "é🏠" * (field.max_length // 2)


def all_values(field: models.Field) -> list[Any]:
    """Return values for a field; of a relation, which of the other model's rows to take."""
    if field.is_relation:
        values = [0, 1, 2, 3]
    elif field.choices:
        values = [value for value, _ in field.choices]
    else:
        values = _of_type(field)
    return [None, *values] if field.null else values


def resolve(field: models.Field, value: Any) -> Any:
    """Turn the number of another row into what refers to it."""
    if not field.is_relation or value is None:
        return value
    rows = field.related_model._base_manager.order_by("pk")
    if field.related_model is User:
        rows = rows.filter(is_staff=False)
    keys = list(rows.values_list("pk", flat=True))
    return keys[value % len(keys)] if keys else None


def some_value(field: models.Field, position: int) -> Any:
    """Return a value that is not empty; a later position gives a later day."""
    values = [value for value in _of_type(field) if value]
    return values[position % len(values)]


def _of_type(field: models.Field) -> list[Any]:
    return next(OF_TYPE[kind] for kind in type(field).__mro__ if kind in OF_TYPE)(field)


def edits_of(model: type[models.Model]) -> st.SearchStrategy[tuple[models.Field, Any]]:
    """Return a field of the model and a value for it."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    return st.sampled_from(fields).flatmap(
        lambda field: st.tuples(st.just(field), st.sampled_from(all_values(field)))
    )


edits = st.sampled_from(list(SOURCES.values())).flatmap(
    lambda model: st.tuples(st.just(model), edits_of(model))
)
