"""A migrated, throw-away database for a measurement, durable as a real one is."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import django
from django.core.management import call_command

from scripts import postgres

# Durable: what a commit costs belongs to the price of a save. The rest is what a server for a
# million rows would be given; as it comes, PostgreSQL expects a very small machine.
AS_SERVERS_ARE = {"shared_buffers": "1GB", "max_wal_size": "4GB"}


@contextmanager
def fresh_database(kind: str = "postgresql") -> Iterator[None]:
    """Set Django up with it, and the environment too, for the commands that are measured."""
    with (_postgresql if kind == "postgresql" else _sqlite)() as database_url:
        os.environ |= {
            "DEMO": "true",
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "crm_project.settings",
            "LOG_LEVEL": "WARNING",
        }
        django.setup()
        call_command("migrate", verbosity=0)
        yield
        from django.db import connections

        connections.close_all()


@contextmanager
def _postgresql() -> Iterator[str]:
    programs = postgres.find_programs()
    if programs is None:
        raise SystemExit("No PostgreSQL programs here. Install PostgreSQL 15 or newer.")
    with (
        mock.patch.object(postgres, "QUICK", AS_SERVERS_ARE),
        postgres.throwaway_server(programs) as database_url,
    ):
        # The server has no other database yet.
        yield f"{database_url.rpartition('/')[0]}/postgres"


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        yield f"sqlite:///{Path(folder, 'bench.sqlite3')}"
