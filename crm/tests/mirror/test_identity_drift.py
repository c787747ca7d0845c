"""Contacts whose user or address was written past the mirror: who is meant is not lost.

For each such drift a dry run lists, in net, what the repair then does; what it counts is what it
lists; and nobody's notes are lost.
"""

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.tests.factories import OwnerFactory
from billing.tests.factories import MembershipFactory
from crm.mirror import MIRRORS
from crm.mirror.rows import Awaited
from crm.models import ActivityLog, ActivityType, Contact, EnquiryRecord, Entity, PropertyRecord
from crm.proof.check import compare_all, count, repair
from crm.proof.differences import AT_REPAIR, differences
from crm.tests.mirror.drift import run_sql
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db

NOTES = "Likes the four-poster bed."


@pytest.fixture
def people():
    """Alice and Bob are owners with a house each; Alice has asked about Bob's, and so has Gus."""
    houses = {}
    for name in ("alice", "bob"):
        owner = OwnerFactory(user__email=f"{name}@example.com", user__first_name=name)
        houses[name] = PropertyFactory(owner=owner)
        MembershipFactory(owner=owner, property=houses[name])
    for email in ("alice@example.com", "gus@example.com"):
        EnquiryFactory(property=houses["bob"], guest_email=email)
    for contact in Contact.objects.all():
        contact.notes = NOTES + contact.email
        contact.save(update_fields=["notes"])


def user_of(name: str) -> User:
    return User.objects.get(email=f"{name}@example.com")


def move(name: str, address: str) -> None:
    User.objects.filter(email=f"{name}@example.com").update(email=address)


def swap_addresses() -> None:
    move("alice", "between@example.com")
    move("bob", "alice@example.com")
    User.objects.filter(email="between@example.com").update(email="bob@example.com")


DRIFTS = {
    "the user unlinked": lambda: Contact.objects.filter(email="alice@example.com").update(
        user=None
    ),
    "linked to nobody": lambda: run_sql(
        "UPDATE crm_contacts SET user_id = 987654 WHERE email = 'alice@example.com'"
    ),
    "made a guest": lambda: Contact.objects.filter(email="bob@example.com").update(
        user=None, is_owner=False, is_guest=True
    ),
    "an owner's address in the record": lambda: Contact.objects.filter(
        email="alice@example.com"
    ).update(email="typo@example.com"),
    "an owner's new address": lambda: move("alice", "new@example.com"),
    "an owner with a guest's address": lambda: move("alice", "gus@example.com"),
    "two owners' addresses swapped": swap_addresses,
    "a guest with an owner's address": lambda: Enquiry.objects.filter(
        guest_email="gus@example.com"
    ).update(guest_email="bob@example.com"),
    "an owner's enquiry becomes a guest's": lambda: Enquiry.objects.filter(
        guest_email="alice@example.com"
    ).update(guest_email="gus@example.com"),
    "a guest made an owner": lambda: Contact.objects.filter(email="gus@example.com").update(
        is_owner=True
    ),
    "a guest linked to an owner's user": lambda: (
        Contact.objects.filter(email="bob@example.com").update(user=None),
        Contact.objects.filter(email="gus@example.com").update(user=user_of("bob").pk),
    ),
    "two contacts' users swapped": lambda: (
        Contact.objects.filter(email="bob@example.com").update(user=None),
        Contact.objects.filter(email="alice@example.com").update(user=user_of("bob").pk),
        Contact.objects.filter(email="bob@example.com").update(user=user_of("alice").pk),
    ),
    "records refer to the wrong contact": lambda: (
        PropertyRecord.objects.update(owner=Contact.objects.get(email="gus@example.com")),
        EnquiryRecord.objects.update(contact=Contact.objects.get(email="bob@example.com")),
    ),
    "an owner's contact gone": lambda: Contact.objects.filter(email="alice@example.com").delete(),
    "all contacts gone": lambda: Contact.objects.all().delete(),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_a_repair_does_in_net_what_was_listed_and_no_note_is_lost(people, name):
    DRIFTS[name]()
    counted = count(compare_all())
    listed = [each for entity in Entity for each in differences(entity)]
    before = ActivityLog.objects.latest("pk").pk
    noted = notes()
    now = timezone.now()

    for entity in Entity:
        repair(entity, now=now)

    assert len(listed) == counted > 0
    assert count(compare_all()) == 0
    assert listed_changes(listed, now) == logged_changes(before)
    assert notes() == noted


def notes() -> set[str]:
    """What is written of whom, whichever contact has it now."""
    written = "".join(Contact.objects.values_list("notes", flat=True))
    return {name for name in ("alice", "bob", "gus") if f"{NOTES}{name}@example.com" in written}


def listed_changes(listed, now) -> dict:
    """`{record: {column: new value}}`, whatever the kind."""
    return {
        record_of(each): {column: told(new, now) for column, (_, new) in each.changes.items()}
        for each in listed
    }


def record_of(difference) -> str:
    mirror = MIRRORS[difference.mirror]
    made = mirror.record.objects.filter(**{mirror.link: difference.key})
    return str(difference.record_id or made.get().pk)


def told(value, now) -> str:
    if isinstance(value, Awaited):
        return str(Contact.objects.get(**{MIRRORS[value.mirror].link: value.key}).pk)
    if isinstance(value, str) and len(value) > 18:
        value = parse_datetime(value) or value
    return str(now if value == AT_REPAIR else value)


def logged_changes(before) -> dict:
    """The entries since then, those of one record taken together, without what ends as it was."""
    first, last, created = {}, {}, set()
    for entry in ActivityLog.objects.filter(pk__gt=before).order_by("pk"):
        record = str(entry.entity_id)
        first[record] = {c: old for c, (old, _) in entry.changes.items()} | first.get(record, {})
        last[record] = last.get(record, {}) | {c: new for c, (_, new) in entry.changes.items()}
        if entry.activity_type == ActivityType.CREATED:
            created.add(record)
    return {
        record: {
            column: told(new, None)
            for column, new in columns.items()
            if column != "absorbed" and (record in created or new != first[record][column])
        }
        for record, columns in last.items()
    }
