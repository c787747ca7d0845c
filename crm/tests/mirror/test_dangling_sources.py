"""Source rows that refer to rows deleted past the constraints, as an SQL shell can do it.

The records stay, and refer to nothing: the first check says all of it, and one repair mends it.
"""

import pytest
from django.db import transaction
from django.db.models.sql.constants import INNER
from django.utils import timezone

from billing.tests.factories import MembershipFactory
from crm.mirror import ENTITIES, MIRRORS
from crm.models import ActivityLog, Contact, Entity
from crm.proof.check import Comparison, compare, compare_all, count, repair
from crm.proof.differences import differences
from crm.tests.mirror.drift import run_sql
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

GONE = ("accounts_owner", "accounts_user", "listings_property", "billing_tier")


@pytest.fixture
def house(db) -> Property:
    """One with two enquiries and a membership; its rows can be deleted, the constraints wait."""
    with transaction.atomic():
        house = PropertyFactory(live=True)
        EnquiryFactory.create_batch(2, property=house, owner=house.owner)
        MembershipFactory(owner=house.owner, property=house)
        yield house
        transaction.set_rollback(True)  # before the constraints are looked at


def delete_from(table: str, house: Property) -> None:
    keys = {
        "accounts_owner": house.owner_id,
        "accounts_user": house.owner.user_id,
        "listings_property": house.pk,
        "billing_tier": house.memberships.get().tier_id,
    }
    run_sql(f"DELETE FROM {table} WHERE id = %s", keys[table])


def repair_all() -> None:
    for entity in Entity:
        repair(entity, now=timezone.now())


def listed() -> list:
    return [each for entity in Entity for each in differences(entity)]


@pytest.mark.parametrize("table", GONE)
def test_one_repair_mends_all_that_the_first_check_named(house, table):
    delete_from(table, house)
    counted, named = count(compare_all()), len(listed())
    before = ActivityLog.objects.latest("pk").pk

    repair_all()

    assert counted == named > 0
    assert {name: mirror.missing().count() for name, mirror in MIRRORS.items()} == dict.fromkeys(
        MIRRORS, 0
    )
    assert (count(compare_all()), listed()) == (0, [])
    mended = ActivityLog.objects.filter(pk__gt=before).values("entity_id").distinct()
    assert mended.count() == counted


@pytest.mark.parametrize("table", GONE)
def test_a_second_repair_changes_nothing(house, table):
    delete_from(table, house)
    repair_all()
    entries = ActivityLog.objects.count()

    repair_all()
    for mirror in MIRRORS.values():
        mirror.sync(mirror.sources().values_list(mirror.key, flat=True), now=timezone.now())

    assert ActivityLog.objects.count() == entries


@pytest.mark.parametrize("table", GONE)
@pytest.mark.parametrize("entity", Entity)
def test_every_row_that_stands_has_its_record(house, table, entity):
    delete_from(table, house)

    repair_all()

    for mirror in ENTITIES[entity]:
        table_rows = mirror.source._base_manager.values_list(mirror.key, flat=True)
        links = mirror.records().values_list(mirror.link, flat=True)
        assert set(links) == set(table_rows)
    found = compare(entity)
    assert found.source == found.records


@pytest.mark.parametrize("name", MIRRORS)
@pytest.mark.parametrize("rows", ["sources", "projection", "expectation", "missing", "changed"])
def test_no_source_drops_out_by_a_join(name, rows):
    mirror = MIRRORS[name]

    query = getattr(mirror, rows)().filter(**{f"{mirror.key}__in": [1]}).query

    joined = {
        join.table_name
        for alias, join in query.alias_map.items()
        if join.join_type == INNER and query.alias_refcount[alias]
    }
    assert joined == set()


def test_an_owner_without_an_account_keeps_the_contact_but_no_address(house):
    user = house.owner.user_id
    contact = Contact.objects.get(user=user)
    delete_from("accounts_user", house)

    repair_all()

    contact.refresh_from_db()
    assert contact.email == f"{user}@gone.invalid"
    assert (contact.first_name, contact.source_deleted_at) == ("", None)


@pytest.mark.parametrize(
    ("found", "differences"),
    [
        (Comparison(source=60, records=59), 1),
        (Comparison(source=59, records=60), 1),
        (Comparison(source=60, records=59, missing=1), 1),
        (Comparison(source=60, records=60, missing=1, orphaned=1), 2),
        (Comparison(source=60, records=60), 0),
    ],
)
def test_what_does_not_add_up_is_never_equal(found, differences):
    assert found.differences == differences
