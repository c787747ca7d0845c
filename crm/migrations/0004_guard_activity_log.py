from django.db import migrations

# The door: see HistoryQuerySet.forget. TRUNCATE stays open, for who empties a whole database.
GUARD = """
    CREATE FUNCTION crm_activity_log_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('gatehouse.forgetting', true) IS DISTINCT FROM 'on' THEN
            RAISE EXCEPTION 'The activity log is never changed or deleted.';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER crm_activity_log_guard BEFORE UPDATE OR DELETE ON crm_activity_log
    FOR EACH STATEMENT EXECUTE FUNCTION crm_activity_log_guard();
"""
UNGUARD = """
    DROP TRIGGER crm_activity_log_guard ON crm_activity_log;
    DROP FUNCTION crm_activity_log_guard();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(GUARD)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(UNGUARD)


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0003_activity_log_to_read'),
    ]

    operations = [migrations.RunPython(guard, unguard)]
