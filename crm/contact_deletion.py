"""Deleting a contact for good: who has to stay, what goes along, and what the log keeps of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from accounts.models import Owner
from crm.mirror import history
from crm.models import (
    ActivityLog,
    ActivityType,
    Contact,
    EnquiryRecord,
    Entity,
    Interaction,
    MembershipRecord,
    PropertyRecord,
)
from crm.models.base import Record
from listings.models import Enquiry

RECORDS: dict[Entity, type[Record]] = {
    Entity.PROPERTIES: PropertyRecord,
    Entity.ENQUIRIES: EnquiryRecord,
    Entity.MEMBERSHIPS: MembershipRecord,
}


def owner_behind(contact: Contact) -> Owner | None:
    """Return the owner that this contact mirrors, or is about to."""
    owners = Owner.objects.filter(Q(user=contact.user_id) | Q(user__email=contact.email))
    return owners.select_related("user").first()


def enquiries_behind(contact: Contact) -> int:
    return Enquiry.objects.filter(guest_email=contact.email).count()


def has_standing_records(contact: Contact) -> bool:
    """Say whether records of the contact have a source still: until the mirror lets go of them."""
    return any(rows.standing().exists() for rows in _records_of([contact]).values())


def what_goes(contacts: Iterable[Contact]) -> dict[type[Model], int]:
    """Count what is deleted along with these contacts. Payments belong to no contact."""
    contacts = list(contacts)
    going: dict[type[Model], QuerySet[Any]] = {
        rows.model: rows for rows in _records_of(contacts).values()
    }
    going[Interaction] = Interaction.objects.filter(contact__in=contacts)
    return {model: rows.count() for model, rows in going.items()}


@transaction.atomic
def delete_contact(contact: Contact, *, now: datetime) -> None:
    """Delete a contact and what belongs to it. The log keeps the values that each record had."""
    counted = what_goes([contact])
    entries = [
        _entry(entity, record, "deleted with its contact", now)
        for entity, rows in _records_of([contact]).items()
        for record in rows
    ]
    farewell = _entry(Entity.CONTACTS, contact, "deleted for good", now, _told(counted))
    ActivityLog.objects.bulk_create([*entries, farewell])
    contact.delete()


def _records_of(contacts: Iterable[Contact]) -> dict[Entity, QuerySet[Any]]:
    """Return the records that a deletion takes along: what refers to a contact, by any column."""
    return {
        entity: model.objects.filter(_refers_to(model, list(contacts))).order_by("pk")
        for entity, model in RECORDS.items()
    }


def _refers_to(model: type[Record], contacts: list[Contact]) -> Q:
    refers = Q()
    for field in model._meta.concrete_fields:
        if field.related_model is Contact:
            refers |= Q(**{f"{field.name}__in": contacts})
    return refers


def _entry(
    entity: Entity, record: Record, how: str, now: datetime, description: str = ""
) -> ActivityLog:
    title = f"{entity.label} {how}: {record}"
    return history.entry(
        entity,
        record.pk,
        ActivityType.DELETED,
        title,
        now,
        changes=_lost(record),
        description=description,
    )


def _lost(record: Record) -> dict[str, list[Any]]:
    values = {
        field.name: field.value_from_object(record)
        for field in record._meta.concrete_fields
        if not field.primary_key
    }
    return {
        name: [value, None] for name, value in values.items() if value not in (None, "", [], {})
    }


def _told(counted: dict[type[Model], int]) -> str:
    went = [
        f"{intcomma(count)} {_called(model, count)}" for model, count in counted.items() if count
    ]
    return f"With it went {', '.join(went)}." if went else "Nothing else went with it."


def _called(model: type[Model], count: int) -> str:
    names = model._meta
    return str(names.verbose_name if count == 1 else names.verbose_name_plural)
