from django.db import connection


def hold_until_commit(name: str) -> None:
    """Wait for every other transaction that holds `name`; ours lets go of it when it ends.

    On SQLite the transaction itself is that lock: it begins IMMEDIATE, so there is only one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
