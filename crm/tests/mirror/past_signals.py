"""Ways to write that Django's signals never hear of, and a CRM whose tables are not there."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

from allauth.account.models import EmailAddress
from django.db import connection, models, transaction
from django.db.models.signals import post_delete

from accounts.models import Owner
from billing.models import Tier
from crm.models import (
    ActivityLog,
    Contact,
    EnquiryRecord,
    MembershipRecord,
    PropertyRecord,
    SyncFailure,
)
from listings.models import Photo

# Nobody changes these in the product, and no receiver follows them: the check finds them.
LEFT_TO_THE_CHECK = {
    (Owner, "user"),
    (Photo, "property"),
    (EmailAddress, "user"),
    (Tier, "code"),
}

# Tables, and columns of them, that may be away.
AWAY = [
    *(
        (model._meta.db_table,)
        for model in (
            Contact,
            PropertyRecord,
            EnquiryRecord,
            MembershipRecord,
            ActivityLog,
            SyncFailure,
        )
    ),
    ("crm_properties", "title"),
    ("crm_contacts", "notes"),
]


def run_sql(sql: str, values: Any = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def stored(field: models.Field, value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


# --- Changes --------------------------------------------------------------------------------------


def update(row: models.Model, field: models.Field, value: Any) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(**{field.attname: value})


def bulk_update(row: models.Model, field: models.Field, value: Any) -> None:
    """All rows alike, where that is allowed."""
    rows = [row] if field.unique else list(type(row)._base_manager.all())
    for each in rows:
        setattr(each, field.attname, value)
    type(row)._base_manager.bulk_update(rows, [field.name])


def update_by_sql(row: models.Model, field: models.Field, value: Any) -> None:
    run_sql(
        f'UPDATE {row._meta.db_table} SET "{field.column}" = %s WHERE id = %s',
        [stored(field, value), stored(row._meta.pk, row.pk)],
    )


# --- New rows and rows that go --------------------------------------------------------------------


def bulk_create(row: models.Model) -> None:
    type(row)._base_manager.bulk_create([row])


def insert_by_sql(row: models.Model) -> None:
    fields = [each for each in row._meta.concrete_fields if not each.primary_key or row.pk]
    columns = ", ".join(f'"{each.column}"' for each in fields)
    values = [stored(each, each.pre_save(row, add=True)) for each in fields]
    run_sql(
        f"INSERT INTO {row._meta.db_table} ({columns}) VALUES ({', '.join(['%s'] * len(values))})",
        values,
    )


def delete_unheard(row: models.Model) -> None:
    """As a DELETE in SQL would, with all that the database's own rules would take along."""
    with mock.patch.object(post_delete, "send"):
        row.delete()


def delete_by_sql(row: models.Model) -> None:
    """Delete the row, after what the database would not let stand without it."""
    for relation in row._meta.related_objects:
        if relation.field.db_constraint:
            pointing = relation.related_model._base_manager.filter(**{relation.field.name: row})
            if relation.field.null:
                pointing.update(**{relation.field.name: None})
            for each in pointing:  # those that may not be without it
                delete_by_sql(each)
    run_sql(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [stored(row._meta.pk, row.pk)])


# --- A broken CRM ---------------------------------------------------------------------------------


@contextmanager
def away(table: str, column: str = "") -> Iterator[None]:
    """The table, or a column of it, goes by another name inside: every use of it fails."""
    rename = "ALTER TABLE {} RENAME TO {}"
    if column:
        rename = f"ALTER TABLE {table} RENAME COLUMN {{}} TO {{}}"
    name = column or table
    _let_go()
    run_sql(rename.format(name, f"{name}_away"))
    yield
    _let_go()
    run_sql(rename.format(f"{name}_away", name))


def _let_go() -> None:
    """PostgreSQL alters no table that a check put off to the commit still waits for."""
    if connection.vendor == "postgresql":
        run_sql("SET CONSTRAINTS ALL IMMEDIATE")
        run_sql("SET CONSTRAINTS ALL DEFERRED")


# --- A change that is taken back ------------------------------------------------------------------


@contextmanager
def rolled_back(*, with_outer: bool) -> Iterator[None]:
    """Undo what is done inside: its own savepoint, or also the transaction around that."""
    with transaction.atomic():
        with transaction.atomic() if with_outer else nullcontext():
            yield
        transaction.set_rollback(True)
