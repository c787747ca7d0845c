"""PostgreSQL plans by what it last counted in a table; after a large import, that is long ago."""

from collections.abc import Iterable

from django.db import connection

from crm.mirror.base import MIRRORS
from crm.models.activity import ActivityLog

# Tables of which most rows were written since they were last counted. The server counts by itself,
# but only some minutes later, and a plan made for an empty table takes minutes on a full one.
OUTDATED = """
    SELECT relname FROM pg_stat_user_tables
    WHERE relid = ANY(%s::regclass[]) AND n_mod_since_analyze > 1000 + n_live_tup / 2
"""


def count_anew() -> None:
    """Have tables counted that have grown, or changed, out of all proportion."""
    if connection.vendor != "postgresql":
        return
    models = {ActivityLog, *(each for m in MIRRORS.values() for each in (m.source, m.record))}
    tables = [connection.ops.quote_name(model._meta.db_table) for model in models]
    with connection.cursor() as cursor:
        cursor.execute(OUTDATED, [tables])
        outdated = [table for (table,) in cursor.fetchall()]
    count(outdated)


def count(tables: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
