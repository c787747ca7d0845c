"""What reports are narrowed by beside the days: the plan of the membership behind a row."""

from typing import TypeVar

from django.db.models import Model, QuerySet

Rows = TypeVar("Rows", bound=Model)


def by_plan(
    rows: QuerySet[Rows],
    tier: str,
    cycle: str,
    *,
    tier_field: str = "membership__tier__code",
    cycle_field: str = "membership__billing_cycle",
) -> QuerySet[Rows]:
    """Leave what belongs to a tier (a code) and a cycle; "" leaves all."""
    if tier:
        rows = rows.filter(**{tier_field: tier})
    if cycle:
        rows = rows.filter(**{cycle_field: cycle})
    return rows
