"""Our one-step migrations must make the schema that dj-stripe's own would."""

from importlib import import_module
from pathlib import Path

import djstripe.migrations
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from billing import djstripe_migrations


def names_of(package):
    return {path.stem for path in Path(package.__file__).parent.glob("0*.py")}


@pytest.mark.django_db
def test_they_leave_no_difference_to_the_packages_models():
    call_command("makemigrations", "djstripe", check=True, dry_run=True, verbosity=0)


def test_they_end_where_the_packages_own_end():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    [(_, leaf)] = loader.graph.leaf_nodes("djstripe")

    assert leaf == max(names_of(djstripe.migrations))


def test_they_have_the_names_of_the_packages_own_so_that_later_ones_fit():
    assert names_of(djstripe_migrations) == names_of(djstripe.migrations)


def test_all_the_work_is_in_the_first():
    later = sorted(names_of(djstripe_migrations))[1:]

    modules = [import_module(f"{djstripe_migrations.__name__}.{name}") for name in later]

    assert [module.Migration.operations for module in modules] == [[]] * len(later)


@pytest.mark.django_db
def test_every_table_of_the_package_is_there():
    from django.apps import apps

    tables = {model._meta.db_table for model in apps.get_app_config("djstripe").get_models()}

    assert tables <= set(connection.introspection.table_names())
