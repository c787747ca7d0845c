"""A migrated, throw-away PostgreSQL for a measurement, durable as a real one is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import django
from django.core.management import call_command

from scripts import postgres


@contextmanager
def fresh_database() -> Iterator[None]:
    programs = postgres.find_programs()
    if programs is None:
        raise SystemExit("No PostgreSQL programs here. Install PostgreSQL 15 or newer.")
    # What a commit costs belongs to the price of a save.
    with (
        mock.patch.object(postgres, "QUICK", {}),
        postgres.throwaway_server(programs) as database_url,
    ):
        os.environ |= {
            "DEMO": "true",
            # The server has no other database yet.
            "DATABASE_URL": f"{database_url.rpartition('/')[0]}/postgres",
            "DJANGO_SETTINGS_MODULE": "crm_project.settings",
            "LOG_LEVEL": "WARNING",
        }
        django.setup()
        call_command("migrate", verbosity=0)
        yield
        from django.db import connections

        connections.close_all()
