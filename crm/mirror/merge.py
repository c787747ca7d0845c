"""Two contacts that turn out to be one person."""

from datetime import datetime
from typing import Any

from django.db.models import ForeignObjectRel

from crm.mirror import history
from crm.models import ActivityLog, ActivityType, Contact, Entity
from crm.models.base import Record


def free_address(contact: Contact, now: datetime) -> None:
    """Take the address from a contact whose owner has moved on to another one."""
    before, contact.email = contact.email, f"{contact.pk}@moved.invalid"
    contact.save(update_fields=["email"])
    _log(contact, "Contact gave up its address", {"email": [before, contact.email]}, now)


def adopt_contact(contact: Contact, user_id: int, now: datetime) -> None:
    """Give a guest's contact to the account that has its address now, with all that is known."""
    before, contact.user_id = contact.user_id, user_id
    contact.save(update_fields=["user"])
    _log(contact, "Contact signed up", {"user": [before, user_id]}, now)


def merge_contacts(absorbed: Contact, *, into: Contact, now: datetime) -> None:
    """Move everything of one contact to another, staff's own notes included, and log it.

    Every relation to Contact is found by introspection, so that a new one cannot be forgotten.
    """
    for relation in Contact._meta.related_objects:
        _move(relation, absorbed, into, now)
    lost = {"absorbed": [_all_of(absorbed), None]}
    _combine(absorbed, into)
    absorbed.delete()
    _log(into, f"Contact joined with {absorbed.email}", lost, now)


def _move(relation: ForeignObjectRel, absorbed: Contact, into: Contact, now: datetime) -> None:
    name = relation.field.name
    rows = relation.related_model._base_manager.filter(**{name: absorbed})
    if issubclass(relation.related_model, Record):
        ActivityLog.objects.bulk_create(_moved(row, name, absorbed, into, now) for row in rows)
    rows.update(**{name: into})


def _moved(
    record: Record, name: str, absorbed: Contact, into: Contact, now: datetime
) -> ActivityLog:
    entity = Entity(record._meta.db_table.removeprefix("crm_"))
    return history.entry(
        entity,
        record.pk,
        ActivityType.UPDATED,
        f"{entity.label} moved to {into}: {record}",
        now,
        outcome=history.ROUTINE,
        changes={name: [absorbed.pk, into.pk]},
    )


def _all_of(contact: Contact) -> dict[str, Any]:
    return {field.name: field.value_from_object(contact) for field in contact._meta.concrete_fields}


def _combine(absorbed: Contact, into: Contact) -> None:
    """Join what staff wrote on both. Where there is room for one, it stays as `into` had it."""
    into.notes = "\n\n".join(filter(None, (into.notes, absorbed.notes)))
    into.tags = list(dict.fromkeys([*into.tags, *absorbed.tags]))
    into.assigned_to_id = into.assigned_to_id or absorbed.assigned_to_id
    into.do_not_contact = into.do_not_contact or absorbed.do_not_contact
    into.metadata = {**absorbed.metadata, **into.metadata}
    into.save(update_fields=["notes", "tags", "assigned_to", "do_not_contact", "metadata"])


def _log(contact: Contact, title: str, changes: dict[str, Any], now: datetime) -> None:
    history.entry(
        Entity.CONTACTS,
        contact.pk,
        ActivityType.MERGED,
        f"{title}: {contact}",
        now,
        changes=changes,
    ).save()
