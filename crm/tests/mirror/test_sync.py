"""What the mirror writes when a source row is saved or deleted."""

from contextlib import suppress
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.actor import acting_as
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import MembershipStatus
from billing.tests.factories import MembershipFactory
from crm.mirror import MIRRORS, prepared
from crm.mirror.prepared import PreparedStatement
from crm.models import (
    ActivityLog,
    ActivityType,
    Contact,
    EnquiryRecord,
    Entity,
    MembershipRecord,
    PropertyRecord,
    SyncFailure,
)
from crm.proof.check import compare
from listings import lifecycle
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_failed():
    yield
    assert not SyncFailure.objects.exists()


class TestProperty:
    def test_a_saved_house_gets_a_record_of_its_owner(self):
        house = PropertyFactory(live=True, town="Bath", county="Somerset")

        record = PropertyRecord.objects.get(property=house)

        assert (record.title, record.location) == (house.title, "Bath, Somerset")
        assert record.owner.user == house.owner.user
        assert record.guests == house.sleeps_max

    def test_an_edit_changes_only_the_record_and_logs_before_and_after(self):
        house = PropertyFactory()
        record = PropertyRecord.objects.get(property=house)

        house.bedrooms = 3
        house.save()

        assert PropertyRecord.objects.get().bedrooms == 3
        entry = ActivityLog.objects.filter(entity_id=record.pk).latest("id")
        assert entry.activity_type == ActivityType.UPDATED
        assert entry.changes == {"bedrooms": [12, 3]}

    def test_zero_and_empty_values_reach_the_record(self):
        house = PropertyFactory(description="Long", town="Bath")

        house.description, house.town = "", ""
        house.save()

        record = PropertyRecord.objects.get()
        assert (record.description, record.location) == ("", "Somerset")

    def test_a_save_that_changes_nothing_logs_nothing(self):
        house = PropertyFactory()
        entries = ActivityLog.objects.count()

        house.save()

        assert ActivityLog.objects.count() == entries

    def test_columns_of_the_crm_survive(self):
        house = PropertyFactory()
        PropertyRecord.objects.update(notes="Call before ten", tags=["vip"])

        house.title = "New name"
        house.save()

        record = PropertyRecord.objects.get()
        assert (record.title, record.notes, record.tags) == ("New name", "Call before ten", ["vip"])

    def test_a_step_of_the_lifecycle_is_logged_as_a_status_change(self):
        house = PropertyFactory(pending=True)

        with acting_as("bob@example.com", "admin"):
            lifecycle.approve(house, by="bob@example.com", now=timezone.now())

        entry = ActivityLog.objects.filter(entity_type=Entity.PROPERTIES).latest("id")
        assert entry.activity_type == ActivityType.STATUS_CHANGED
        assert entry.changes["listing_status"] == ["pending_approval", "live"]
        assert (entry.actor, entry.origin) == ("bob@example.com", "admin")

    def test_a_deleted_house_leaves_a_tombstone_and_an_entry(self):
        house = PropertyFactory()
        PropertyRecord.objects.update(notes="Remember")

        house.delete()

        record = PropertyRecord.objects.get()
        assert record.source_deleted_at is not None
        assert (record.property_id, record.notes) == (None, "Remember")
        assert ActivityLog.objects.latest("id").activity_type == ActivityType.DELETED

    def test_a_rebuild_from_nothing_gives_the_same_rows(self):
        house = PropertyFactory()
        before = PropertyRecord.objects.values().get()
        PropertyRecord.objects.all().delete()

        MIRRORS["properties"].sync([house.pk], now=timezone.now())

        assert PropertyRecord.objects.values().get() == before

    def test_a_house_whose_owner_has_no_contact_yet_gets_one(self):
        house = PropertyFactory()
        Contact.objects.all().delete()  # and with it the record

        MIRRORS["properties"].sync([house.pk], now=timezone.now())

        assert PropertyRecord.objects.get().owner.email == house.owner.user.email


class TestBehindAPooler:
    """Django's DISABLE_SERVER_SIDE_CURSORS says that connections change between transactions."""

    @pytest.fixture(autouse=True)
    def pooled(self, monkeypatch):
        monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
        yield
        forget_prepared_statements()
        prepared._known.clear()

    def test_records_follow_save_after_save(self):
        house = PropertyFactory(bedrooms=4)

        for bedrooms in (5, 6):
            house.bedrooms = bedrooms
            house.save()

            assert PropertyRecord.objects.get().bedrooms == bedrooms

    def test_a_run_that_fails_does_not_stop_the_next(self, monkeypatch):
        house = PropertyFactory(bedrooms=4)
        with monkeypatch.context() as patch, suppress(DatabaseError), transaction.atomic():
            patch.setattr(PreparedStatement, "_execute", mock.Mock(side_effect=DatabaseError))
            MIRRORS["properties"].sync([house.pk], now=timezone.now())
        forget_prepared_statements()  # as another connection would not know them

        house.bedrooms = 5
        house.save()

        assert PropertyRecord.objects.get().bedrooms == 5


def forget_prepared_statements():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")


class TestContact:
    def test_an_owner_becomes_a_contact(self):
        owner = OwnerFactory(user__email="Alice@Example.com", company="Alice Ltd")

        contact = Contact.objects.get()

        assert (contact.email, contact.company_name) == ("alice@example.com", "Alice Ltd")
        assert (contact.is_owner, contact.is_guest) == (True, False)
        assert contact.user == owner.user

    def test_a_changed_phone_reaches_the_contact(self):
        owner = OwnerFactory(phone="1")

        owner.phone = "2"
        owner.save()

        assert Contact.objects.get().phone == "2"

    def test_a_guest_is_known_by_address_whatever_its_case(self):
        house = PropertyFactory(live=True)
        EnquiryFactory(property=house, guest_email="Gus@Example.com", guest_name="Gus Old")

        EnquiryFactory(property=house, guest_email=" gus@example.com", guest_name="Gus van New")

        guest = Contact.objects.get(is_guest=True)
        assert (guest.first_name, guest.last_name) == ("Gus", "van New")
        assert guest.enquiries_made.count() == 2

    def test_a_guest_who_signs_up_keeps_the_contact_and_its_notes(self):
        EnquiryFactory(guest_email="gus@example.com", guest_name="Gus Guest")
        guest = Contact.objects.get(email="gus@example.com")
        Contact.objects.filter(pk=guest.pk).update(notes="Likes dogs")

        OwnerFactory(user__email="gus@example.com", user__first_name="Augustus")

        contact = Contact.objects.get(email="gus@example.com")
        assert (contact.pk, contact.notes) == (guest.pk, "Likes dogs")
        assert (contact.is_owner, contact.is_guest) == (True, True)
        assert contact.first_name == "Augustus"

    def test_a_stranger_cannot_take_a_guests_contact_by_signing_up(self):
        EnquiryFactory(guest_email="grace@example.com", guest_name="Grace Guest")
        user = UserFactory(email="grace@example.com", first_name="Mallory")
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)

        OwnerFactory(user=user, phone="01234 567890")

        contact = Contact.objects.get(email="grace@example.com")
        assert (contact.first_name, contact.is_owner, contact.user_id) == ("Grace", False, None)

    def test_a_confirmed_address_joins_the_owner_with_the_guest(self):
        EnquiryFactory(guest_email="grace@example.com", guest_name="Grace Guest")
        guest = Contact.objects.get(email="grace@example.com")
        user = UserFactory(email="grace@example.com", first_name="Grace")
        address = EmailAddress.objects.create(user=user, email=user.email, primary=True)
        OwnerFactory(user=user)

        address.set_verified()

        contact = Contact.objects.get(email="grace@example.com")
        assert (contact.pk, contact.is_owner, contact.is_guest) == (guest.pk, True, True)

    def test_an_unconfirmed_owner_gives_way_to_a_guest_of_that_address(self):
        user = UserFactory(email="grace@example.com", first_name="Mallory")
        EmailAddress.objects.create(user=user, email=user.email, primary=True)
        OwnerFactory(user=user)

        EnquiryFactory(guest_email="grace@example.com", guest_name="Grace Guest")

        contact = Contact.objects.get(email="grace@example.com")
        assert (contact.first_name, contact.is_owner) == ("Grace", False)
        assert EnquiryRecord.objects.get().contact == contact

    def test_an_owner_who_enquires_stays_one_contact(self):
        owner = OwnerFactory(user__email="alice@example.com", user__first_name="Alice")

        EnquiryFactory(guest_email="alice@example.com", guest_name="Someone Else")

        contact = Contact.objects.get(email="alice@example.com")
        assert (contact.is_guest, contact.first_name) == (True, "Alice")
        assert contact.user == owner.user
        assert EnquiryRecord.objects.get().contact == contact

    def test_an_address_changed_onto_a_guests_joins_the_two(self):
        owner = OwnerFactory(user__email="alice@example.com")
        EnquiryFactory(guest_email="gus@example.com")
        Contact.objects.filter(email="gus@example.com").update(notes="From the phone", tags=["a"])
        Contact.objects.filter(email="alice@example.com").update(notes="From the fair", tags=["b"])

        owner.user.email = "gus@example.com"
        owner.user.save()

        contact = Contact.objects.get(email="gus@example.com")
        assert contact.user == owner.user
        assert contact.notes == "From the fair\n\nFrom the phone"
        assert contact.tags == ["b", "a"]
        assert EnquiryRecord.objects.get().contact == contact
        assert not Contact.objects.filter(email="alice@example.com").exists()
        assert ActivityLog.objects.filter(activity_type=ActivityType.MERGED).count() == 1

    def test_what_was_asked_from_an_address_stays_with_it(self):
        owner = OwnerFactory(user__email="alice@example.com")
        EnquiryFactory(guest_email="alice@example.com", guest_name="Alice Guest")

        owner.user.email = "alice@new.example.com"
        owner.user.save()

        assert EnquiryRecord.objects.get().contact.email == "alice@example.com"
        assert Contact.objects.get(user=owner.user).email == "alice@new.example.com"

    def test_two_owners_may_swap_their_addresses(self):
        alice = OwnerFactory(user__email="alice@example.com")
        charlie = OwnerFactory(user__email="charlie@example.com")

        for user, address in (
            (alice.user, "moving@example.com"),
            (charlie.user, "alice@example.com"),
            (alice.user, "charlie@example.com"),
        ):
            user.email = address
            user.save()

        assert Contact.objects.get(user=alice.user).email == "charlie@example.com"
        assert Contact.objects.get(user=charlie.user).email == "alice@example.com"
        assert Contact.objects.count() == 2

    def test_a_swap_that_no_signal_saw_is_mended_by_one_sync(self):
        alice = OwnerFactory(user__email="alice@example.com").user
        charlie = OwnerFactory(user__email="charlie@example.com").user
        users = type(alice).objects
        users.filter(pk=alice.pk).update(email="moving@example.com")
        users.filter(pk=charlie.pk).update(email="alice@example.com")
        users.filter(pk=alice.pk).update(email="charlie@example.com")

        MIRRORS["owners"].sync([alice.pk, charlie.pk], now=timezone.now())

        assert Contact.objects.get(user=alice).email == "charlie@example.com"
        assert Contact.objects.get(user=charlie).email == "alice@example.com"

    def test_an_owner_who_leaves_stays_known_as_a_guest(self):
        owner = OwnerFactory(user__email="alice@example.com")
        EnquiryFactory(guest_email="alice@example.com", guest_name="Alice Guest")

        owner.user.delete()

        contact = Contact.objects.get(email="alice@example.com")
        assert (contact.is_owner, contact.is_guest, contact.user_id) == (False, True, None)
        assert contact.source_deleted_at is None

    def test_staff_without_houses_are_no_contacts(self):
        owner = OwnerFactory()
        owner.user.is_staff = True
        owner.user.save()

        assert Contact.objects.count() == 1


class TestEnquiry:
    def test_an_enquiry_keeps_guest_owner_house_and_dates(self):
        enquiry = EnquiryFactory(group_size=20)

        record = EnquiryRecord.objects.get(enquiry=enquiry)

        assert record.contact.email == enquiry.guest_email
        assert record.owner.user == enquiry.owner.user
        assert record.property.property == enquiry.property
        assert record.group_size == 20

    def test_a_deleted_house_leaves_its_enquiries_standing(self):
        enquiry = EnquiryFactory()

        enquiry.property.delete()

        record = EnquiryRecord.objects.get()
        assert record.source_deleted_at is None
        assert record.enquiry == enquiry


class TestMembership:
    def test_a_membership_reaches_its_contact_and_the_tier_its_house(self):
        house = PropertyFactory(live=True)

        MembershipFactory(owner=house.owner, property=house, tier__code="gold")

        record = MembershipRecord.objects.get()
        assert record.contact.user == house.owner.user
        assert (record.plan_tier, record.plan_price_pence) == ("gold", 65_000)
        assert PropertyRecord.objects.get().plan_tier == "gold"

    def test_a_failing_payment_is_logged_as_a_status_change(self):
        membership = MembershipFactory()

        membership.status = MembershipStatus.PAST_DUE
        membership.save()

        entry = ActivityLog.objects.latest("id")
        assert entry.changes["status"] == ["active", "past_due"]
        assert entry.activity_type == ActivityType.STATUS_CHANGED


def test_what_belonged_to_a_deleted_house_lets_go_of_it_at_once():
    house = PropertyFactory(live=True)
    EnquiryFactory(property=house)
    MembershipFactory(owner=house.owner, property=house)

    house.delete()

    assert EnquiryRecord.objects.get().property is None
    assert MembershipRecord.objects.get().property is None
    assert not any(compare(entity).differences for entity in Entity)


def test_what_an_owner_who_left_was_asked_and_paid_lets_go_of_the_contact():
    house = PropertyFactory()
    EnquiryFactory(property=house)
    MembershipFactory(owner=house.owner)
    owner = house.owner
    house.delete()

    owner.user.delete()

    assert EnquiryRecord.objects.get().owner is None
    assert MembershipRecord.objects.get().contact is None
    assert not any(compare(entity).differences for entity in Entity)
