from pathlib import Path

import djstripe.migrations
import pytest
from django.core.management import call_command
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader

from billing import djstripe_migrations
from crm_project.tests.source import LAYERS


@pytest.fixture(scope="module")
def own_migrations():
    disk = MigrationLoader(None).disk_migrations
    return {key: migration for key, migration in disk.items() if key[0] in LAYERS}


def names(package) -> list[str]:
    return sorted(path.stem for path in Path(package.__path__[0]).glob("[0-9]*.py"))


@pytest.mark.django_db
def test_the_migrations_make_the_models_of_all_apps_and_of_dj_stripe():
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_our_dj_stripe_migrations_bear_upstreams_names():
    """So that upstream's next one applies on top, or ours can be dropped, at any time."""
    assert names(djstripe_migrations) == names(djstripe.migrations)


def test_every_migration_has_a_name_of_its_own(own_migrations):
    assert [key for key in own_migrations if "_auto_" in key[1]] == []


def test_every_migration_of_data_can_be_undone(own_migrations):
    one_way = [
        key
        for key, migration in own_migrations.items()
        for operation in migration.operations
        if isinstance(operation, (RunPython, RunSQL)) and not operation.reversible
    ]

    assert one_way == []
