"""Comparison that treats NULL as a value, as equality of source and record must."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Func, Q

NEVER = Q(pk__in=[])


class Differs(Func):
    """True where two values differ, NULL counting as a value of its own."""

    arity = 2
    arg_joiner = " IS DISTINCT FROM "
    template = "(%(expressions)s)"
    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        # The standard's words came to SQLite only in 3.39.
        return self.as_sql(compiler, connection, arg_joiner=" IS NOT ", **context)


def any_of(conditions: Iterable[Differs | Q]) -> Q:
    """Return a condition that holds where one of these does; where there are none, nowhere."""
    return reduce(or_, map(Q, conditions), NEVER)
