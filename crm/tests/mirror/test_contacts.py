"""One contact per person: however people write their address, and whatever they turn out to be.

Each story is told twice: as the site writes it, and past every signal, mended by `crm_check`.
"""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction

from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Membership
from billing.tests.factories import MembershipFactory, TierFactory
from crm.admin.story import activity_of
from crm.models import (
    ActivityLog,
    ActivityType,
    Contact,
    EnquiryRecord,
    Interaction,
    MembershipRecord,
    PropertyRecord,
)
from crm.tests.mirror import oracle
from crm.tests.mirror.past_signals import delete_unheard
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


class ByTheSite:
    """Rows are saved and deleted one by one, and signals tell of it."""

    def save(self, row):
        row.save()

    def delete(self, row):
        row.delete()

    def settle(self):
        """Nothing is left to do."""


class PastSignals:
    """Rows are written in bulk, and the next check mends the records."""

    def save(self, row):
        if row.pk is None:
            type(row)._base_manager.bulk_create([row])
        else:
            values = {field.attname: getattr(row, field.attname) for field in fields_of(row)}
            type(row)._base_manager.filter(pk=row.pk).update(**values)

    def delete(self, row):
        delete_unheard(row)

    def settle(self):
        call_command("crm_check", "--repair", verbosity=0)


def fields_of(row):
    return [field for field in row._meta.concrete_fields if not field.primary_key]


@pytest.fixture(params=[ByTheSite, PastSignals], ids=["by-the-site", "past-signals"])
def way(request, capsys):
    yield request.param()
    differences = oracle.differences(oracle.read(oracle.SOURCES), oracle.read(oracle.RECORDS))
    assert not any(differences.values()), differences


def ask(way, email, **fields):
    way.save(EnquiryFactory.build(property=None, owner=None, guest_email=email, **fields))
    way.settle()


def sign_up(way, email, confirmed=True, **fields):
    """Return the user of a new owner."""
    user = UserFactory.build(email=email, **fields)
    way.save(user)
    user = User.objects.get(email=email)
    way.save(Owner(user=user, phone="01234 567890"))
    way.save(EmailAddress(user=user, email=email, verified=confirmed, primary=True))
    way.settle()
    return user


def move(way, user, email):
    user.email = email
    way.save(user)
    way.settle()


def staff_know(email, **values):
    """Give a contact all that staff may write on it, and a call; return the contact."""
    contact = Contact.objects.get(email=email)
    for name, value in values.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(values))
    Interaction.objects.create(contact=contact, subject=f"Call with {email}")
    return contact


class TestAnAddressHasOneSpelling:
    @pytest.mark.parametrize(
        "typed",
        [
            "GUS@Example.com",
            "  gus@example.com ",
            "\tgus@example.com\n",
            "\u00a0Gus@EXAMPLE.com\u2003",
        ],
    )
    def test_however_it_is_typed_it_is_the_same_guest(self, typed):
        EnquiryFactory(guest_email="gus@example.com")

        EnquiryFactory(guest_email=typed)

        assert Contact.objects.get(is_guest=True).email == "gus@example.com"
        assert EnquiryRecord.objects.filter(contact__email="gus@example.com").count() == 2

    def test_letters_beyond_ascii_have_a_case_too(self):
        EnquiryFactory(guest_email="gus@bücher.example")

        EnquiryFactory(guest_email="GUS@BÜCHER.EXAMPLE")

        assert Contact.objects.get(is_guest=True).email == "gus@bücher.example"

    def test_an_owner_is_found_however_the_guest_types_the_address(self):
        owner = OwnerFactory(user__email="Alice@Example.com")

        EnquiryFactory(guest_email=" ALICE@example.COM")

        contact = Contact.objects.get(email="alice@example.com")
        assert (contact.user, contact.is_guest) == (owner.user, True)

    def test_a_dot_behind_an_address_is_refused_by_the_form(self):
        field = Enquiry._meta.get_field("guest_email")

        with pytest.raises(ValidationError):
            field.clean("gus@example.com.", None)


class TestGuestAndOwner:
    def test_a_guest_who_signs_up_is_the_same_contact(self, way):
        ask(way, "grace@example.com", guest_name="Grace Guest")
        guest = staff_know("grace@example.com", notes="Wants a pool", tags=["pool"])

        user = sign_up(way, "grace@example.com", first_name="Grace", last_name="Owner")

        contact = Contact.objects.get()
        assert (contact.pk, contact.user) == (guest.pk, user)
        assert (contact.is_owner, contact.is_guest, contact.last_name) == (True, True, "Owner")
        assert (contact.notes, contact.tags) == ("Wants a pool", ["pool"])
        assert contact.interactions.count() == 1
        assert EnquiryRecord.objects.get().contact == contact

    def test_an_owner_who_asks_as_a_guest_is_the_same_contact(self, way):
        user = sign_up(way, "alice@example.com", first_name="Alice")
        owner = staff_know("alice@example.com", notes="Lists two houses")

        ask(way, "alice@example.com", guest_name="Somebody Else")

        contact = Contact.objects.get()
        assert (contact.pk, contact.user, contact.notes) == (owner.pk, user, "Lists two houses")
        assert (contact.is_owner, contact.is_guest, contact.first_name) == (True, True, "Alice")
        assert EnquiryRecord.objects.get().contact == contact

    def test_nobody_takes_a_guests_contact_by_typing_the_address(self, way):
        ask(way, "grace@example.com", guest_name="Grace Guest")
        guest = staff_know("grace@example.com", notes="Wants a pool")

        sign_up(way, "grace@example.com", confirmed=False, first_name="Mallory")

        contact = Contact.objects.get()
        assert (contact.pk, contact.user, contact.first_name) == (guest.pk, None, "Grace")
        assert (contact.is_owner, contact.notes) == (False, "Wants a pool")

    def test_a_confirmed_address_joins_the_two(self, way):
        ask(way, "grace@example.com", guest_name="Grace Guest")
        guest = Contact.objects.get()
        user = sign_up(way, "grace@example.com", confirmed=False, first_name="Grace")
        address = EmailAddress.objects.get()

        address.verified = True
        way.save(address)
        way.settle()

        contact = Contact.objects.get()
        assert (contact.pk, contact.user, contact.is_owner) == (guest.pk, user, True)

    def test_an_unconfirmed_owner_gives_way_to_a_guest_with_all_that_is_known(self, way):
        sign_up(way, "grace@example.com", confirmed=False, first_name="Mallory")
        before = staff_know("grace@example.com", notes="Rang about prices")

        ask(way, "grace@example.com", guest_name="Grace Guest")

        contact = Contact.objects.get()
        assert (contact.pk, contact.first_name, contact.user) == (before.pk, "Grace", None)
        assert contact.notes == "Rang about prices"

    def test_what_an_unconfirmed_owner_has_waits_without_a_contact(self, way):
        user = sign_up(way, "grace@example.com", confirmed=False)
        way.save(MembershipFactory.build(owner=user.owner, tier=TierFactory()))
        way.settle()

        ask(way, "grace@example.com")
        waiting = MembershipRecord.objects.get().contact
        address = EmailAddress.objects.get()
        address.verified = True
        way.save(address)
        way.settle()

        assert waiting is None
        assert MembershipRecord.objects.get().contact == Contact.objects.get(user=user)

    def test_an_unconfirmed_owner_is_known_once_no_guest_has_the_address(self, way):
        ask(way, "grace@example.com")
        user = sign_up(way, "grace@example.com", confirmed=False)

        way.delete(Enquiry.objects.get())
        way.settle()

        contact = Contact.objects.get()
        assert (contact.user, contact.is_owner, contact.is_guest) == (user, True, False)

    def test_an_owner_who_leaves_stays_known_as_a_guest(self, way):
        user = sign_up(way, "alice@example.com", first_name="Alice")
        ask(way, "alice@example.com", guest_name="Alice Guest")
        before = staff_know("alice@example.com", notes="Moved abroad")

        way.delete(user)
        way.settle()

        contact = Contact.objects.get()
        assert (contact.pk, contact.user, contact.notes) == (before.pk, None, "Moved abroad")
        assert (contact.is_owner, contact.is_guest, contact.last_name) == (False, True, "Guest")
        assert contact.source_deleted_at is None
        assert ActivityType.DELETED not in kinds_logged_of(contact)

    def test_an_owner_who_leaves_and_never_asked_leaves_a_tombstone(self, way):
        user = sign_up(way, "alice@example.com")
        before = staff_know("alice@example.com", notes="Moved abroad")

        way.delete(user)
        way.settle()

        contact = Contact.objects.get()
        assert (contact.pk, contact.notes, contact.user) == (before.pk, "Moved abroad", None)
        assert contact.source_deleted_at is not None

    def test_somebody_who_comes_back_is_the_contact_that_staff_knew(self, way):
        ask(way, "gus@example.com")
        before = staff_know("gus@example.com", notes="Wants a pool")
        way.delete(Enquiry.objects.get())
        way.settle()

        ask(way, "gus@example.com")

        contact = Contact.objects.get()
        assert (contact.pk, contact.notes) == (before.pk, "Wants a pool")
        assert contact.source_deleted_at is None

    def test_somebody_whom_staff_met_first_is_the_contact_that_staff_made(self, way):
        met = Contact.objects.create(email="gus@example.com", notes="At the fair")

        ask(way, "gus@example.com", guest_name="Gus Guest")
        user = sign_up(way, "gus@example.com")

        contact = Contact.objects.get()
        assert (contact.pk, contact.user, contact.notes) == (met.pk, user, "At the fair")


class TestMoving:
    def test_an_address_changed_onto_a_guests_joins_the_two_and_loses_nothing(self, way):
        user = sign_up(way, "alice@example.com")
        ask(way, "gus@example.com", guest_name="Gus Guest")
        bob, stella = UserFactory(staff=True), UserFactory(staff=True)
        owner = staff_know(
            "alice@example.com",
            notes="From the fair",
            tags=["b", "both"],
            assigned_to=bob,
            metadata={"fair": 2026, "both": 1},
        )
        staff_know(
            "gus@example.com",
            notes="From the phone",
            tags=["a", "both"],
            assigned_to=stella,
            do_not_contact=True,
            metadata={"phone": True, "both": 2},
        )

        move(way, user, "gus@example.com")

        contact = Contact.objects.get(email="gus@example.com")
        assert (contact.pk, contact.user) == (owner.pk, user)
        assert contact.notes == "From the fair\n\nFrom the phone"
        assert contact.tags == ["b", "both", "a"]
        assert (contact.assigned_to, contact.do_not_contact) == (bob, True)
        assert contact.metadata == {"fair": 2026, "phone": True, "both": 1}
        assert contact.interactions.count() == 2
        assert EnquiryRecord.objects.get().contact == contact
        assert Contact.objects.count() == 1

    def test_the_log_keeps_all_that_the_absorbed_contact_was(self, way):
        user = sign_up(way, "alice@example.com")
        ask(way, "gus@example.com", guest_name="Gus Guest")
        stella = UserFactory(staff=True)
        gus = staff_know("gus@example.com", assigned_to=stella, metadata={"phone": True})

        move(way, user, "gus@example.com")

        entry = ActivityLog.objects.get(activity_type=ActivityType.MERGED)
        absorbed, _ = entry.changes["absorbed"]
        assert entry.entity_id == Contact.objects.get().pk
        assert (absorbed["id"], absorbed["first_name"]) == (str(gus.pk), "Gus")
        assert (absorbed["assigned_to"], absorbed["metadata"]) == (stella.pk, {"phone": True})

    def test_the_page_of_the_one_tells_the_story_of_the_other_too(self, way):
        ask(way, "first@example.com")
        ask(way, "second@example.com")
        guests = list(Contact.objects.values_list("pk", flat=True))
        user = sign_up(way, "alice@example.com")

        move(way, user, "first@example.com")
        move(way, user, "second@example.com")

        alice = Contact.objects.get(user=user)
        told = activity_of(alice.pk, ActivityLog.objects.all())
        assert set(guests) - set(told.values_list("entity_id", flat=True)) == set()

    def test_what_was_asked_from_an_address_stays_with_it(self, way):
        user = sign_up(way, "alice@example.com")
        ask(way, "alice@example.com", guest_name="Alice Guest")
        owner = staff_know("alice@example.com", notes="Lists two houses")

        move(way, user, "alice@new.example.com")

        assert EnquiryRecord.objects.get().contact.email == "alice@example.com"
        contact = Contact.objects.get(user=user)
        assert (contact.pk, contact.email) == (owner.pk, "alice@new.example.com")
        assert (contact.notes, contact.is_guest) == ("Lists two houses", False)

    def test_another_person_who_asks_from_the_address_left_is_another_contact(self, way):
        user = sign_up(way, "info@example.com", first_name="Alice")
        owner = staff_know("info@example.com", notes="Alice's own")
        move(way, user, "alice@example.com")

        ask(way, "info@example.com", guest_name="Charlie Colleague")

        charlie = Contact.objects.get(email="info@example.com")
        assert (charlie.first_name, charlie.user, charlie.notes) == ("Charlie", None, "")
        alice = Contact.objects.get(email="alice@example.com")
        assert (alice.pk, alice.user, alice.notes) == (owner.pk, user, "Alice's own")

    def test_an_address_left_unseen_is_not_taken_with_the_notes_by_who_asks_next(self):
        user = OwnerFactory(user__email="info@example.com").user
        owner = staff_know("info@example.com", notes="Alice's own")
        User.objects.filter(pk=user.pk).update(email="alice@example.com")  # no signal

        EnquiryFactory(guest_email="info@example.com", guest_name="Charlie Colleague")

        assert Contact.objects.get(email="info@example.com").notes == ""
        alice = Contact.objects.get(user=user)
        assert (alice.pk, alice.email) == (owner.pk, "alice@example.com")

    def test_two_owners_may_swap_their_addresses(self, way):
        alice, charlie = sign_up(way, "alice@example.com"), sign_up(way, "charlie@example.com")
        staff_know("alice@example.com", notes="Alice's own")
        staff_know("charlie@example.com", notes="Charlie's own")

        move(way, alice, "moving@example.com")
        move(way, charlie, "alice@example.com")
        move(way, alice, "charlie@example.com")

        assert known_by_staff() == {
            ("charlie@example.com", alice.pk, "Alice's own"),
            ("alice@example.com", charlie.pk, "Charlie's own"),
        }

    def test_they_may_swap_in_one_transaction(self, way):
        alice, charlie = sign_up(way, "alice@example.com"), sign_up(way, "charlie@example.com")
        staff_know("alice@example.com", notes="Alice's own")
        staff_know("charlie@example.com", notes="Charlie's own")

        with transaction.atomic():
            for user, address in (
                (alice, "moving@example.com"),
                (charlie, "alice@example.com"),
                (alice, "charlie@example.com"),
            ):
                user.email = address
                way.save(user)
        way.settle()

        assert known_by_staff() == {
            ("charlie@example.com", alice.pk, "Alice's own"),
            ("alice@example.com", charlie.pk, "Charlie's own"),
        }

    def test_three_owners_may_pass_their_addresses_round_as_guests_do_ask_from_them(self, way):
        users = [sign_up(way, f"owner{number}@example.com") for number in range(3)]
        for number, user in enumerate(users):
            ask(way, user.email)
            staff_know(user.email, notes=f"Own {number}")

        with transaction.atomic():
            for user in users:
                user.email = f"moving{user.pk}@example.com"
                way.save(user)
            for number, user in enumerate(users):
                user.email = f"owner{(number + 1) % 3}@example.com"
                way.save(user)
        way.settle()

        assert known_by_staff() == {
            (f"owner{(number + 1) % 3}@example.com", user.pk, f"Own {number}")
            for number, user in enumerate(users)
        }

    def test_an_enquiry_whose_address_is_corrected_moves_to_that_guest(self, way):
        ask(way, "gsu@example.com", guest_name="Gus Guest")
        staff_know("gsu@example.com", notes="Rang twice")
        enquiry = Enquiry.objects.get()

        enquiry.guest_email = "gus@example.com"
        way.save(enquiry)
        way.settle()

        assert EnquiryRecord.objects.get().contact.email == "gus@example.com"
        mistyped = Contact.objects.get(email="gsu@example.com")
        assert (mistyped.notes, mistyped.source_deleted_at is None) == ("Rang twice", False)

    def test_an_owner_whose_only_enquiry_moves_away_is_no_guest_any_more(self, way):
        sign_up(way, "alice@example.com")
        ask(way, "alice@example.com")
        enquiry = Enquiry.objects.get()

        enquiry.guest_email = "gus@example.com"
        way.save(enquiry)
        way.settle()

        assert not Contact.objects.get(email="alice@example.com").is_guest


class TestNames:
    def test_a_guest_is_called_as_the_newest_enquiry_says(self, way):
        for name in ("G. Guest", "Gus", "Gus van der Guest"):
            ask(way, "gus@example.com", guest_name=name)

        contact = Contact.objects.get()
        assert (contact.first_name, contact.last_name) == ("Gus", "van der Guest")
        assert EnquiryRecord.objects.filter(contact=contact).count() == 3

    def test_a_phone_number_once_given_is_kept(self, way):
        ask(way, "gus@example.com", guest_phone="01632 960001")
        ask(way, "gus@example.com", guest_phone="")

        assert Contact.objects.get().phone == "01632 960001"

    def test_many_people_behind_one_address_are_one_contact(self, way):
        for number in range(5):
            ask(way, "office@example.com", guest_name=f"Colleague {number}")

        contact = Contact.objects.get()
        assert contact.last_name == "4"
        names = EnquiryRecord.objects.filter(contact=contact).values_list("guest_name", flat=True)
        assert set(names) == {f"Colleague {number}" for number in range(5)}


class TestASourceBeforeItsContact:
    """Each kind of source is written past every signal, and then told of by one save."""

    @pytest.fixture
    def user(self):
        user = UserFactory.build(email="alice@example.com")
        User.objects.bulk_create([user])
        Owner.objects.bulk_create([Owner(user=user)])
        return user

    @pytest.fixture
    def house(self, user):
        house = PropertyFactory.build(owner=user.owner, slug="hill-house")
        Property.objects.bulk_create([house])
        return house

    def test_a_house_brings_its_owners_contact(self, house):
        house.save()

        assert PropertyRecord.objects.get().owner.email == "alice@example.com"

    def test_a_membership_brings_its_owners_contact_and_its_house(self, house):
        MembershipFactory(owner=house.owner, property=house)

        record = MembershipRecord.objects.get()
        assert record.contact.email == "alice@example.com"
        assert record.property.property == house
        assert record.property.owner == record.contact

    def test_an_enquiry_brings_guest_owner_and_house(self, house):
        EnquiryFactory(property=house, guest_email="gus@example.com")

        record = EnquiryRecord.objects.get()
        assert record.contact.email == "gus@example.com"
        assert record.owner.email == "alice@example.com"
        assert record.property.property == house

    def test_an_owner_comes_to_what_was_there_without_a_contact(self, house):
        Membership.objects.bulk_create(
            [MembershipFactory.build(owner=house.owner, property=house, tier=TierFactory())]
        )

        house.owner.save()
        call_command("crm_check", "--repair", verbosity=0)

        contact = Contact.objects.get()
        assert PropertyRecord.objects.get().owner == contact
        assert MembershipRecord.objects.get().contact == contact


def kinds_logged_of(contact):
    return set(
        ActivityLog.objects.filter(entity_id=contact.pk).values_list("activity_type", flat=True)
    )


def known_by_staff():
    owners = Contact.objects.filter(is_owner=True)
    return set(owners.values_list("email", "user", "notes"))
