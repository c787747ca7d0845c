"""Two writers at once: the records end as their sources do, without a check having to mend them."""

import threading
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction

from accounts.models import User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Membership
from billing.tests.factories import MembershipFactory, TierFactory
from crm.models import Contact, EnquiryRecord, PropertyRecord, SyncFailure
from crm.tests.mirror import oracle
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

PATIENCE_SECONDS = 20
OVERLAP_SECONDS = 0.3

pytestmark = pytest.mark.django_db(transaction=True)
either_first = pytest.mark.parametrize("in_turn", [iter, reversed], ids=["as-said", "turned"])


@pytest.fixture(autouse=True)
def _all_is_well():
    yield
    found = oracle.differences(oracle.read(oracle.SOURCES), oracle.read(oracle.RECORDS))
    assert not any(found.values()), found
    assert not SyncFailure.objects.exists()


def overlap(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Keep the transaction of the first open while the second is at it, or waits for it."""
    began = threading.Event()
    errors = []

    def hold() -> None:
        with transaction.atomic():
            first()
            began.set()
            threading.Event().wait(OVERLAP_SECONDS)

    def follow() -> None:
        began.wait(PATIENCE_SECONDS)
        with transaction.atomic():
            second()

    def run(action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            errors.append(error)
        finally:
            began.set()
            connection.close()

    threads = [threading.Thread(target=run, args=[action]) for action in (hold, follow)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


def ask(house: Property, email: str) -> None:
    EnquiryFactory(property=house, owner=None, guest_email=email)


@either_first
def test_a_sync_that_began_before_a_change_does_not_undo_it(in_turn):
    house = PropertyFactory(title="Before")
    membership = MembershipFactory(owner=house.owner, property=house, tier__code="silver")
    gold = TierFactory(code="gold")

    def change() -> None:
        mine = Property.objects.get(pk=house.pk)
        mine.title = "After"
        mine.save()

    def upgrade() -> None:
        mine = Membership.objects.get(pk=membership.pk)
        mine.tier = gold
        mine.save()

    overlap(*in_turn([change, upgrade]))

    record = PropertyRecord.objects.get()
    assert (record.title, record.plan_tier) == ("After", "gold")


def test_two_enquiries_of_a_new_guest_at_once_make_one_contact():
    house = PropertyFactory()

    overlap(lambda: ask(house, "gus@example.com"), lambda: ask(house, "gus@example.com"))

    contact = Contact.objects.get(email="gus@example.com")
    assert EnquiryRecord.objects.filter(contact=contact).count() == 2


@either_first
@pytest.mark.parametrize("asked_before", [True, False])
def test_an_address_is_confirmed_while_an_enquiry_comes_from_it(in_turn, asked_before):
    house = PropertyFactory()
    if asked_before:
        ask(house, "grace@example.com")
    user = UserFactory(email="grace@example.com")
    OwnerFactory(user=user)
    waiting = EmailAddress.objects.create(user=user, email=user.email, primary=True)

    overlap(*in_turn([waiting.set_verified, lambda: ask(house, "grace@example.com")]))

    contact = Contact.objects.get(email="grace@example.com")
    assert (contact.user, contact.is_owner, contact.is_guest) == (user, True, True)


@either_first
def test_somebody_signs_up_while_an_enquiry_comes_from_the_address(in_turn):
    house = PropertyFactory()

    overlap(
        *in_turn(
            [
                lambda: OwnerFactory(user__email="grace@example.com"),
                lambda: ask(house, "grace@example.com"),
            ]
        )
    )

    contact = Contact.objects.get(email="grace@example.com")
    assert (contact.is_owner, contact.is_guest) == (True, True)


@either_first
def test_an_owner_moves_to_an_address_while_an_enquiry_comes_from_it(in_turn):
    house = PropertyFactory()
    ask(house, "new@example.com")
    owner = OwnerFactory(user__email="old@example.com")

    def move() -> None:
        user = User.objects.get(pk=owner.user_id)
        user.email = "new@example.com"
        user.save()

    overlap(*in_turn([move, lambda: ask(house, "new@example.com")]))

    contact = Contact.objects.get(user=owner.user)
    assert (contact.email, contact.enquiries_made.count()) == ("new@example.com", 2)


@either_first
def test_an_owner_leaves_an_address_while_an_enquiry_comes_from_it(in_turn):
    house = PropertyFactory()
    owner = OwnerFactory(user__email="old@example.com")

    def move() -> None:
        user = User.objects.get(pk=owner.user_id)
        user.email = "new@example.com"
        user.save()

    overlap(*in_turn([move, lambda: ask(house, "old@example.com")]))

    assert Contact.objects.get(user=owner.user).email == "new@example.com"
    assert Contact.objects.get(email="old@example.com").is_owner is False


@either_first
def test_an_owner_is_deleted_while_an_enquiry_comes_from_the_address(in_turn):
    house = PropertyFactory()
    owner = OwnerFactory(user__email="alice@example.com")

    overlap(
        *in_turn(
            [
                lambda: User.objects.get(pk=owner.user_id).delete(),
                lambda: ask(house, "alice@example.com"),
            ]
        )
    )

    contact = Contact.objects.get(email="alice@example.com")
    assert (contact.user, contact.is_guest, contact.source_deleted_at) == (None, True, None)


def test_the_last_enquiry_of_a_guest_is_deleted_while_the_next_comes():
    house = PropertyFactory()
    ask(house, "gus@example.com")

    overlap(lambda: Enquiry.objects.get().delete(), lambda: ask(house, "gus@example.com"))

    assert Contact.objects.get(email="gus@example.com").source_deleted_at is None
