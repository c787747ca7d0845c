"""Records come from the mirror: a factory makes the source, and returns the record it left."""

import uuid
from typing import Any

import factory
from django.utils import timezone

from accounts.tests.factories import OwnerFactory
from billing.tests.factories import MembershipFactory
from crm.models import (
    ActivityLog,
    ActivityType,
    BulkWrite,
    Contact,
    EnquiryRecord,
    Entity,
    Interaction,
    MembershipRecord,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from listings.tests.factories import EnquiryFactory, PropertyFactory

STAFF_COLUMNS = {"notes", "tags", "assigned_to", "do_not_contact"}


def contact(**fields: Any) -> Contact:
    """Return an owner's contact; what names a column of staff's own is set on it."""
    own = {name: fields.pop(name) for name in STAFF_COLUMNS & set(fields)}
    return _with(OwnerFactory(**fields).user.crm_record, own)


def property_record(**fields: Any) -> PropertyRecord:
    own = {name: fields.pop(name) for name in STAFF_COLUMNS & set(fields)}
    return _with(PropertyFactory(**fields).crm_record, own)


def enquiry_record(**fields: Any) -> EnquiryRecord:
    return EnquiryFactory(**fields).crm_record


def membership_record(**fields: Any) -> MembershipRecord:
    return MembershipFactory(**fields).crm_record


def _with(record: Any, own: dict[str, Any]) -> Any:
    for name, value in own.items():
        setattr(record, name, value)
    if own:
        record.save(update_fields=list(own))
    return record


class InteractionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Interaction

    contact = factory.LazyFunction(contact)
    type = Interaction.Type.PHONE
    subject = factory.Sequence(lambda n: f"Call {n}")
    content = "She will send better photos."


class ActivityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ActivityLog

    entity_type = Entity.CONTACTS
    entity_id = factory.LazyFunction(uuid.uuid4)
    activity_type = ActivityType.UPDATED
    title = factory.Sequence(lambda n: f"Contact updated: Olive User{n}")
    description = "Changed phone."
    changes = factory.LazyFunction(lambda: {"phone": ["01632 960001", "01632 960009"]})
    actor = "bob@example.com"
    origin = "admin"
    created_at = factory.LazyFunction(timezone.now)


class SyncFailureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SyncFailure

    entity_type = Entity.PROPERTIES
    source_key = factory.Sequence(str)
    message = "The value is too long."


class SyncCheckFactory(factory.django.DjangoModelFactory):
    """A check that found ten records of each kind, all equal."""

    class Meta:
        model = SyncCheck

    started_at = factory.LazyFunction(timezone.now)
    seconds = 0.06
    differences = 0
    entities = factory.LazyFunction(
        lambda: {
            entity.value: dict.fromkeys(("source", "records"), 10)
            | dict.fromkeys(("missing", "changed", "orphaned"), 0)
            for entity in Entity
        }
    )


class BulkWriteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BulkWrite

    model = "listings.property"
    method = "update"
    columns = factory.LazyFunction(lambda: ["title"])
    rows = 3
    actor = "bob@example.com"
    origin = "shell"
    created_at = factory.LazyFunction(timezone.now)
