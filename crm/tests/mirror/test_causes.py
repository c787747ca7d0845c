"""Why a record drifted is told from what is on file, and never with more certainty than that."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import OwnerFactory
from billing.models import Membership
from billing.tests.factories import MembershipFactory
from crm.mirror import MIRRORS, fingerprint
from crm.models import (
    BulkWrite,
    Cause,
    Contact,
    Entity,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from crm.proof.differences import Kind, differences
from crm.proof.feeds import FEEDS
from listings.models import Enquiry, Photo, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


def causes(entity: Entity, kind: Kind | None = None) -> dict:
    return {each.key: each.cause for each in differences(entity, kind)}


def run_sql(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def proof():
    return SyncCheck.objects.create(
        started_at=timezone.now(),
        seconds=0,
        entities={},
        differences=0,
        declarations=dict(fingerprint.fingerprints()),
    )


def test_raw_sql_on_a_source_is_a_raw_write(proof):
    house = PropertyFactory()

    run_sql("UPDATE listings_property SET bedrooms = 9 WHERE id = %s", house.pk)

    assert causes(Entity.PROPERTIES) == {house.pk: Cause.RAW_WRITE}


def test_a_sync_that_failed_and_is_still_open_is_the_cause():
    house = PropertyFactory()
    PropertyRecord.objects.all().delete()
    SyncFailure.objects.create(
        entity_type=Entity.PROPERTIES, source_key=f"properties:{house.pk}", message="Once"
    )

    assert causes(Entity.PROPERTIES) == {house.pk: Cause.FAILED_SYNC}


class TestRecordWrittenByHand:
    def test_a_record_that_the_log_knows_with_the_sources_values(self):
        house = PropertyFactory()

        PropertyRecord.objects.update(title="By hand", created_at=timezone.now(), owner=None)

        assert causes(Entity.PROPERTIES) == {house.pk: Cause.RECORD_WRITTEN}

    def test_not_when_the_source_changed_too(self):
        house = PropertyFactory()
        PropertyRecord.objects.update(title="By hand")

        run_sql("UPDATE listings_property SET bedrooms = 9")

        assert causes(Entity.PROPERTIES) == {house.pk: Cause.RAW_WRITE}

    @pytest.mark.parametrize("entity", list(Entity))
    def test_a_record_that_the_log_knows_to_stand_is_gone(self, entity):
        house = PropertyFactory()
        EnquiryFactory(property=house)
        MembershipFactory(owner=house.owner)

        for table in ("crm_enquiries", "crm_memberships", "crm_properties", "crm_contacts"):
            run_sql(f"DELETE FROM {table}")

        found = causes(entity)
        assert found
        assert set(found.values()) == {Cause.RECORD_WRITTEN}

    def test_a_link_that_the_log_does_not_know_points_nowhere(self):
        PropertyFactory()

        run_sql("UPDATE crm_properties SET property_id = 987654")

        assert causes(Entity.PROPERTIES, Kind.ORPHANED) == {987654: Cause.RECORD_WRITTEN}

    def test_a_contact_that_was_joined_with_another_was_not_removed_by_hand(self):
        guest = EnquiryFactory(guest_email="anna@example.com")
        owner = OwnerFactory()
        owner.user.email = "anna@example.com"
        owner.user.save()  # joins the two
        owner.user.email = "anna@example.org"
        owner.user.save()  # the guest gets a contact of her own
        Contact.objects.filter(email=guest.guest_email).update(email="nobody@example.com")
        run_sql("UPDATE listings_enquiry SET guest_email = 'cleo@example.com'")

        assert causes(Entity.CONTACTS, Kind.MISSING) == {"cleo@example.com": Cause.RAW_WRITE}


class TestMappingChanged:
    @pytest.fixture
    def house(self, proof, monkeypatch):
        """A house whose record's title is from now on made in another way."""
        house = PropertyFactory()
        mirror = MIRRORS["properties"]
        columns = {**mirror.columns, "title": Concat("title", Value("!"))}
        monkeypatch.setattr(mirror, "columns", columns)
        fingerprint.fingerprints.cache_clear()
        yield house
        fingerprint.fingerprints.cache_clear()

    def test_a_column_whose_expression_is_another_than_at_the_proof(self, house):
        assert causes(Entity.PROPERTIES) == {house.pk: Cause.MAPPING_CHANGED}

    def test_not_when_another_column_differs_too(self, house):
        run_sql("UPDATE listings_property SET bedrooms = 9")

        assert causes(Entity.PROPERTIES) == {house.pk: Cause.RAW_WRITE}

    def test_not_while_no_proof_knows_the_mapping(self, house):
        SyncCheck.objects.update(declarations={})

        assert causes(Entity.PROPERTIES) == {house.pk: Cause.RAW_WRITE}

    def test_a_declaration_has_the_same_fingerprint_in_every_process(self):
        asked = (
            "import django, json; django.setup();"
            "from crm.mirror.fingerprint import fingerprints; print(json.dumps(fingerprints()))"
        )

        told = subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "PYTHONHASHSEED": "4711"},
            capture_output=True,
            text=True,
            check=True,
        )

        assert json.loads(told.stdout) == fingerprint.fingerprints()


class TestBulkWrite:
    def test_an_update_of_the_source_itself(self, proof):
        house, other = PropertyFactory.create_batch(2)

        Property.objects.filter(pk=house.pk).update(bedrooms=9)
        run_sql("UPDATE listings_property SET bedrooms = 9 WHERE id = %s", other.pk)

        assert causes(Entity.PROPERTIES) == {
            house.pk: Cause.BULK_WRITE,
            other.pk: Cause.RAW_WRITE,
        }

    def test_a_bulk_create_of_sources(self, proof):
        house = PropertyFactory()

        (made,) = Enquiry.objects.bulk_create(
            [EnquiryFactory.build(property=house, owner=house.owner)]
        )

        assert causes(Entity.ENQUIRIES) == {made.pk: Cause.BULK_WRITE}
        assert causes(Entity.CONTACTS) == {made.guest_email: Cause.BULK_WRITE}

    def test_a_write_of_unknown_rows_may_be_any(self, proof):
        house = PropertyFactory()
        Property.objects.update(bedrooms=9)

        BulkWrite.objects.update(keys=None)

        assert causes(Entity.PROPERTIES) == {house.pk: Cause.BULK_WRITE}

    def test_not_one_that_a_proof_came_after(self):
        house = PropertyFactory()
        Property.objects.update(bedrooms=9)
        SyncCheck.objects.create(
            started_at=timezone.now(), seconds=0, entities={}, differences=0, declarations={}
        )

        assert causes(Entity.PROPERTIES) == {house.pk: Cause.RAW_WRITE}

    def test_a_main_photo_and_a_tier_reach_the_house(self, proof):
        framed, paid, left = PropertyFactory.create_batch(3)
        membership = MembershipFactory(owner=left.owner, property=left)

        Photo.objects.bulk_create([Photo(property=framed, image="", position=0)])
        Photo.objects.filter(property=framed).update(image="new.jpg")
        Membership.objects.filter(pk=membership.pk).update(property=paid)

        assert causes(Entity.PROPERTIES) == {
            each.pk: Cause.BULK_WRITE for each in (framed, paid, left)
        }

    def test_an_owners_name_and_address_reach_the_contact(self, proof):
        owner = OwnerFactory()

        User.objects.filter(pk=owner.user_id).update(email="new@example.com")

        assert causes(Entity.CONTACTS) == {owner.user_id: Cause.BULK_WRITE}

    def test_a_guests_new_address_reaches_the_old_contact_too(self, proof):
        enquiry = EnquiryFactory(guest_email="old@example.com")

        Enquiry.objects.filter(pk=enquiry.pk).update(guest_email="new@example.com")

        assert causes(Entity.CONTACTS) == {
            "old@example.com": Cause.BULK_WRITE,
            "new@example.com": Cause.BULK_WRITE,
        }

    def test_a_guest_by_an_owners_address_reaches_the_owner(self, proof):
        house = PropertyFactory()

        Enquiry.objects.bulk_create(
            [EnquiryFactory.build(property=house, guest_email=house.owner.user.email)]
        )

        assert causes(Entity.CONTACTS) == {house.owner.user_id: Cause.BULK_WRITE}

    def test_every_mirror_says_which_rows_feed_it(self):
        assert FEEDS.keys() == MIRRORS.keys()
