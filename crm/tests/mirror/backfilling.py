"""What the tests of the backfill share: houses without records, and a process of its own for it."""

import os
import signal
import subprocess
import sys

from django.db import connection
from django.db.models import QuerySet

from crm.models import ActivityLog, PropertyRecord
from listings.models import Property
from listings.tests.factories import PropertyFactory

# Runs crm_backfill on the suite's own database. KILL_AT is the batch in which it kills itself,
# as nobody could catch it: with the batch written, and not committed.
CHILD = """
import os, signal, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["DATABASE_NAME"]
import django; django.setup()
from django.core.management import execute_from_command_line
from crm import backfill_progress as progress
left, sync_batch = [int(os.environ.get("KILL_AT", 0))], progress.sync_batch
def sync_or_die(*args, **options):
    outcome = sync_batch(*args, **options)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome
progress.sync_batch = sync_or_die
execute_from_command_line(["manage.py", "crm_backfill", *sys.argv[1:]])
"""


def unmirrored(houses: int) -> list[Property]:
    """Return houses whose records are gone."""
    owner = PropertyFactory().owner
    made = [PropertyFactory(owner=owner) for _ in range(houses - 1)]
    PropertyRecord.objects.all().delete()
    return [*Property.objects.exclude(pk__in=[house.pk for house in made]), *made]


def logged() -> QuerySet[ActivityLog]:
    """Return what the backfill has written down of houses."""
    return ActivityLog.objects.filter(entity_type="properties", actor="system:crm_backfill")


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CHILD, *arguments],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "crm_project.settings_test",
            "DATABASE_NAME": str(connection.settings_dict["NAME"]),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_in_batch(number: int, *arguments: str) -> None:
    process = start(*arguments, KILL_AT=str(number))
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, complaint
