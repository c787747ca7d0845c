from django.db import migrations

# Two things may happen to a row: its owner is erased, and an unknown fee becomes known. The door
# is for whoever mends a damaged database by hand. TRUNCATE stays open, for who empties all of it.
GUARD = """
    CREATE FUNCTION billing_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('gatehouse.mending_ledger', true) = 'on' THEN
            RETURN COALESCE(NEW, OLD);
        END IF;
        IF TG_OP = 'UPDATE'
            AND to_jsonb(NEW) - 'owner_id' - 'fee_pence' = to_jsonb(OLD) - 'owner_id' - 'fee_pence'
            AND (NEW.owner_id IS NULL OR NEW.owner_id = OLD.owner_id)
            AND (OLD.fee_pence IS NULL OR NEW.fee_pence = OLD.fee_pence)
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'Payments are never changed or deleted.';
    END $$;
    CREATE TRIGGER billing_payment_guard BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_payment_guard();
"""
UNGUARD = """
    DROP TRIGGER billing_payment_guard ON billing_payment;
    DROP FUNCTION billing_payment_guard();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GUARD)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(UNGUARD)


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_ledger")]

    operations = [migrations.RunPython(guard, unguard)]
