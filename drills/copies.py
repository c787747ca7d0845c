"""One database to begin with, and copies of it for the runs that are compared."""

import sqlite3
from contextlib import closing

from django.db import connection, connections


def use(name: str) -> None:
    connections.close_all()
    connections["default"].settings_dict["NAME"] = name


def name_in_use() -> str:
    return str(connections["default"].settings_dict["NAME"])


def copy_as(suffix: str) -> str:
    """Return the name of a copy of the database in use."""
    original = name_in_use()
    if connection.vendor == "sqlite":
        copy = f"{original}.{suffix}"
        connections.close_all()
        with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy
    copy = f"drill_{suffix}"
    use("template1")  # whoever is connected to the original stands in the way of copying it
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{original}"')
    use(original)
    return copy
