"""What stands in the activity log is neither changed nor deleted, whoever asks."""

from contextlib import nullcontext
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from crm.models import ActivityLog
from crm.models.activity import HistoryIsAppendOnly
from crm.tests.factories import ActivityFactory

pytestmark = pytest.mark.django_db

IS_GUARDED = connection.vendor == "postgresql"
REFUSED = {
    "save": lambda entry: entry.save(),
    "save of one column": lambda entry: entry.save(update_fields=["title"]),
    "delete": lambda entry: entry.delete(),
    "update": lambda entry: ActivityLog.objects.filter(pk=entry.pk).update(title="Forged"),
    "update by the base manager": lambda entry: ActivityLog._base_manager.update(title="Forged"),
    "bulk_update": lambda entry: ActivityLog.objects.bulk_update([entry], ["title"]),
    "update_or_create": lambda entry: ActivityLog.objects.update_or_create(
        pk=entry.pk, defaults={"title": "Forged"}
    ),
    "upsert": lambda entry: ActivityLog.objects.bulk_create(
        [entry], update_conflicts=True, unique_fields=["id"], update_fields=["title"]
    ),
    "delete of several": lambda entry: ActivityLog.objects.all().delete(),
    "delete of none": lambda entry: ActivityLog.objects.none().delete(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_code_cannot_change_or_delete_an_entry(name: str) -> None:
    entry = ActivityFactory(title="True")
    entry.title = "Forged"

    with pytest.raises(HistoryIsAppendOnly):
        REFUSED[name](entry)

    assert ActivityLog.objects.get().title == "True"


@pytest.mark.parametrize(
    "sql", ["UPDATE crm_activity_log SET title = 'Forged'", "DELETE FROM crm_activity_log"]
)
def test_raw_sql_cannot_either_where_the_database_keeps_the_guard(sql: str) -> None:
    """On PostgreSQL; docs/decisions says why SQLite keeps none."""
    ActivityFactory(title="True")

    with refused_by_the_database(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert ActivityLog.objects.filter(title="True").exists() == IS_GUARDED


def refused_by_the_database() -> Any:
    return pytest.raises(DatabaseError, match="never changed") if IS_GUARDED else nullcontext()


def test_a_persons_words_can_be_forgotten_through_the_one_door() -> None:
    ActivityFactory(title="Contact updated: Olive")

    ActivityLog.objects.filter(title__contains="Olive").forget(title="Contact erased", changes={})

    assert ActivityLog.objects.get().title == "Contact erased"


def test_the_door_is_shut_again_afterwards() -> None:
    entry = ActivityFactory()

    ActivityLog.objects.filter(pk=entry.pk).forget(title="Contact erased")

    with refused_by_the_database(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE crm_activity_log SET title = 'Forged'")
