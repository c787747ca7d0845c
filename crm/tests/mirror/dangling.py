"""Which references of the CRM's rows lead nowhere, database constraint or not."""

from django.apps import apps
from django.db import connection


def dangling_references() -> dict[str, int]:
    """Return how many rows refer to a missing one, by column; empty when all is well."""
    parts = [
        f"SELECT '{field.model._meta.db_table}.{field.column}', COUNT(*) "
        f"FROM {field.model._meta.db_table} a "
        f"LEFT JOIN {field.related_model._meta.db_table} b "
        f"ON a.{field.column} = b.{field.target_field.column} "
        f"WHERE a.{field.column} IS NOT NULL AND b.{field.target_field.column} IS NULL"
        for model in apps.get_app_config("crm").get_models()
        for field in model._meta.concrete_fields
        if field.is_relation
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        found = {name: count for name, count in cursor.fetchall() if count}
    connection.check_constraints()  # raises IntegrityError, for every table
    return found
