"""Bulk writes of sources are noted, whoever does them; a note that fails costs nothing."""

import pytest
from django.db import connection
from django.utils import timezone

from accounts import bulk
from accounts.actor import acting_as
from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Membership
from billing.tests.factories import MembershipFactory
from crm.models import BulkWrite
from crm.proof.bulk_writes import KEPT, forget_old
from listings.models import Enquiry, Photo, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


def test_an_update_is_noted_with_its_rows_and_its_writer():
    house, _ = PropertyFactory.create_batch(2, title="Before")

    with acting_as("bob@example.com", "shell"):
        Property.objects.filter(pk=house.pk).update(title="After", bedrooms=3)

    note = BulkWrite.objects.get()
    assert (note.model, note.method, note.rows) == ("listings.property", "update", 1)
    assert (note.keys, note.columns) == ([house.pk], ["bedrooms", "title"])
    assert (note.actor, note.origin) == ("bob@example.com", "shell")


@pytest.mark.parametrize(
    ("model", "make", "column"),
    [
        (User, UserFactory, "first_name"),
        (Owner, OwnerFactory, "phone"),
        (Property, PropertyFactory, "town"),
        (Enquiry, EnquiryFactory, "message"),
        (Membership, MembershipFactory, "stripe_customer_id"),
    ],
)
def test_each_kind_of_source_announces_its_bulk_writes(model, make, column):
    row = make()

    model.objects.filter(pk=row.pk).update(**{column: "x"})

    assert BulkWrite.objects.get().keys == [row.pk]


def test_photos_written_through_their_house_are_noted():
    house = PropertyFactory()

    Photo.objects.bulk_create(Photo(property=house, position=number) for number in range(2))
    house.photos.update(position=7)

    assert [note.method for note in BulkWrite.objects.order_by("pk")] == ["bulk_create", "update"]


def test_a_bulk_update_is_noted_as_an_update():
    houses = PropertyFactory.create_batch(2)

    Property.objects.bulk_update(houses, ["title"])

    assert sorted(BulkWrite.objects.get().keys) == [house.pk for house in houses]


def test_a_bulk_create_is_noted_after_it_has_keys():
    house = PropertyFactory()

    made = Enquiry.objects.bulk_create(
        EnquiryFactory.build_batch(2, property=house, owner=house.owner)
    )

    assert BulkWrite.objects.get().keys == [each.pk for each in made]


def test_too_many_keys_are_not_kept(monkeypatch):
    monkeypatch.setattr(bulk, "KEYS_AT_MOST", 2)
    PropertyFactory.create_batch(3)

    Property.objects.update(bedrooms=3)

    note = BulkWrite.objects.get()
    assert (note.keys, note.rows) == (None, 3)


def test_nothing_written_is_nothing_noted():
    Property.objects.update(bedrooms=3)
    Property.objects.bulk_create([])

    assert not BulkWrite.objects.exists()


def test_a_save_a_delete_and_a_sign_in_are_no_bulk_writes(client):
    house = PropertyFactory(live=True)
    EnquiryFactory(property=house)
    house.save(update_fields=["title"])
    client.force_login(house.owner.user)
    house.delete()

    assert not BulkWrite.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_bulk_write_stands_though_it_cannot_be_noted():
    PropertyFactory()
    with connection.schema_editor() as editor:
        editor.alter_db_table(BulkWrite, "crm_bulk_writes", "crm_bulk_writes_away")
    try:
        assert Property.objects.update(bedrooms=7) == 1
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(BulkWrite, "crm_bulk_writes_away", "crm_bulk_writes")

    assert Property.objects.get().bedrooms == 7


def test_notes_are_forgotten_after_a_month():
    PropertyFactory()
    Property.objects.update(bedrooms=3)
    BulkWrite.objects.update(created_at=timezone.now() - KEPT)

    forget_old(now=timezone.now())

    assert not BulkWrite.objects.exists()
