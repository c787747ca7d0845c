"""Empties a test database: only the tables that hold something, and not what all tests share.

Django's `flush` truncates each of a hundred tables and makes all permissions anew, which took
longer than most tests that need it.
"""

from collections.abc import Collection
from functools import cache

from django.db import connection, transaction

from crm_project.worker import install_schedules

SHARED = {"django_content_type", "auth_permission"}


def empty() -> None:
    delete_rows(but=SHARED)
    install_schedules()


def delete_rows(*, but: Collection[str]) -> None:
    """Delete the rows of all tables but these."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Neither references nor the guards of log and ledger stand in the way of this.
            cursor.execute("SET LOCAL session_replication_role = replica")
        for table in _filled(cursor, but):
            cursor.execute(f"DELETE FROM {_name(table)}")  # noqa: S608


def _filled(cursor, but: Collection[str]) -> list[str]:
    tables = [table for table in _tables() if table not in but]
    asked = (f"SELECT '{each}' WHERE EXISTS (SELECT 1 FROM {_name(each)})" for each in tables)  # noqa: S608
    cursor.execute(" UNION ALL ".join(asked))
    return [table for (table,) in cursor.fetchall()]


@cache
def _tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(names)


def _name(table: str) -> str:
    return connection.ops.quote_name(table)
