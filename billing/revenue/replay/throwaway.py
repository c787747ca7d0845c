"""A database in memory for one piece of work: the configured one is neither read nor written."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections


@contextmanager
def throwaway_database() -> Iterator[None]:
    """Inside, the default database of this process is an empty one, migrated, on SQLite."""
    configured = connections.databases[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS].close()
    _use({**configured, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}})
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        connections[DEFAULT_DB_ALIAS].close()
        _use(configured)


def _use(database: dict[str, object]) -> None:
    connections.databases[DEFAULT_DB_ALIAS] = database
    del connections[DEFAULT_DB_ALIAS]
