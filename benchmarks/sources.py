"""Sources by the million: one made by its factory, then copied inside the database."""

from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import Model

from billing.tests.factories import MembershipFactory
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

LONG_AGO = "'2024-05-01 10:00:00'"


def fill(rows: int) -> None:
    """Make so many owners, houses, enquiries of fewer guests, and memberships."""
    house = fill_houses(rows, owners=rows)
    same_house = {"property_id": f"{house.pk} + n", "owner_id": f"{house.owner.pk} + n"}
    _multiply(
        EnquiryFactory(property=house),
        rows,
        **same_house,
        guest_name="'Gus Guest' || (n % 1000)",
        guest_email=f"'guest' || (n % {max(1, rows * 4 // 5)}) || '@example.org'",
    )
    _multiply(
        MembershipFactory(owner=house.owner, property=house),
        rows,
        **same_house,
        stripe_subscription_id="'sub_' || n",
        stripe_customer_id="'cus_' || n",
    )
    _settle()


def fill_houses(rows: int, *, owners: int = 1) -> Property:
    """Make so many houses; return the first, whose owner is the first too."""
    house = PropertyFactory()
    address = EmailAddress.objects.create(
        user=house.owner.user, email=house.owner.user.email, verified=True, primary=True
    )
    nth_owner = {"email": "'owner' || n || '@example.com'"}
    _multiply(house.owner.user, owners, **nth_owner)
    _multiply(address, owners, **nth_owner, user_id=f"{house.owner.user_id} + n")
    _multiply(house.owner, owners, user_id=f"{house.owner.user_id} + n")
    _multiply(
        house,
        rows,
        owner_id=f"{house.owner.pk} + n % {owners}",
        slug="'house-' || n",
        title="'House ' || n",
        bedrooms="1 + n % 20",
    )
    _settle()
    return house


COPIES = """
    WITH RECURSIVE copies(n) AS (
        SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < %(copies)s
    )"""


def _multiply(row: Model, rows: int, **columns: str) -> None:
    """Copy a row until there are `rows` of it; `n` counts the copies in the columns' SQL."""
    columns = {"updated_at": LONG_AGO, **columns}
    copied = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    names = ", ".join(map(connection.ops.quote_name, copied))
    values = ", ".join(_value(name, columns) for name in copied)
    table = connection.ops.quote_name(row._meta.db_table)
    if rows > 1:
        with connection.cursor() as cursor:
            cursor.execute(
                f"{COPIES} INSERT INTO {table} ({names}) "
                f"SELECT {values} FROM copies, {table} t WHERE t.id = %(row)s ORDER BY n",
                {"copies": rows - 1, "row": row.pk},
            )


def _value(name: str, columns: dict[str, str]) -> str:
    return columns.get(name, f"t.{connection.ops.quote_name(name)}").replace("%", "%%")


def _settle() -> None:
    """Take back what the signals wrote of the first rows, and let the database count the others."""
    for model in (MembershipRecord, EnquiryRecord, PropertyRecord, Contact):
        model._base_manager.all()._raw_delete(connection.alias)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
