"""A contact's whole story, in a number of queries that does not depend on its length."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from billing.models import Notice, Payment
from crm.dashboard import counts
from crm.mirror.history import ROUTINE
from crm.models import (
    ActivityLog,
    ActivityType,
    Contact,
    EnquiryRecord,
    Interaction,
    MembershipRecord,
    PropertyRecord,
)

SHOWN = 8  # rows of each kind; the rest stand behind "See all"


@dataclass(frozen=True)
class Chapter:
    """One kind of row on the contact's page."""

    name: str
    title: str
    nothing: str
    rows: list[Any]
    count: int
    all_url: str

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.rows)


@dataclass(frozen=True)
class Kind:
    """How to find a contact's rows of one kind, and what to say when there are none."""

    model: type[Model]
    title: str
    nothing: str
    of: Callable[[Contact], QuerySet[Any]]
    parameter: Callable[[Contact], dict[str, object]] = lambda contact: {"contact": contact.pk}

    def all_url(self, contact: Contact) -> str:
        options = self.model._meta
        path = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        return f"{path}?{urlencode(self.parameter(contact))}"

    def may_be_seen(self, request: HttpRequest) -> bool:
        options = self.model._meta
        return request.user.has_perm(f"{options.app_label}.view_{options.model_name}")


def houses_of(contact: Contact) -> QuerySet[PropertyRecord]:
    return PropertyRecord.objects.filter(owner=contact)


def memberships_of(contact: Contact) -> QuerySet[MembershipRecord]:
    return MembershipRecord.objects.filter(contact=contact).select_related("property")


def payments_of(contact: Contact) -> QuerySet[Payment]:
    owner = owner_pk(contact)
    return Payment.objects.filter(owner=owner) if owner else Payment.objects.none()


def mails_of(contact: Contact) -> QuerySet[Notice]:
    owner = owner_pk(contact)
    return Notice.objects.filter(owner=owner) if owner else Notice.objects.none()


def enquiries_of(contact: Contact) -> QuerySet[EnquiryRecord]:
    """Those it received as an owner and those it made as a guest."""
    rows = EnquiryRecord.objects.filter(Q(owner=contact) | Q(contact=contact))
    return rows.select_related("property", "owner", "contact", "enquiry")


def interactions_of(contact: Contact) -> QuerySet[Interaction]:
    rows = Interaction.objects.filter(contact=contact)
    return rows.select_related("related_property", "related_enquiry")


def activity_of(contact: UUID, rows: QuerySet[ActivityLog]) -> QuerySet[ActivityLog]:
    """Narrow the log to a contact, those that were joined with it, and the records of its own.

    One list of ids, which the log's index answers; a condition for each kind would read all of it.
    """
    ids = Contact.objects.filter(pk=contact).order_by().values("pk")
    own = (
        PropertyRecord.objects.filter(owner=contact),
        EnquiryRecord.objects.filter(owner=contact),
        EnquiryRecord.objects.filter(contact=contact),
        MembershipRecord.objects.filter(contact=contact),
    )
    joined = ActivityLog.objects.filter(entity_id__in=absorbed_by(contact))
    told = (joined.order_by().values("entity_id"), *(each.order_by().values("pk") for each in own))
    return rows.filter(entity_id__in=ids.union(*told, all=True))


def absorbed_by(contact: UUID) -> set[UUID]:
    """Return the contacts that were joined with this one, or with one of those.

    What was logged of them stays under their own ids.
    """
    found: set[UUID] = set()
    latest = {contact}
    while latest:
        joins = ActivityLog.objects.filter(
            entity_id__in=latest, activity_type=ActivityType.MERGED, changes__has_key="absorbed"
        )
        changes = joins.order_by().values_list("changes", flat=True)
        latest = {UUID(each["absorbed"][0]["id"]) for each in changes} - found
        found |= latest
    return found


def owner_pk(contact: Contact) -> int | None:
    owner = getattr(contact.user, "owner", None)
    return owner.pk if owner else None


KINDS = {
    "interactions": Kind(
        Interaction, "Interactions", "No calls, messages or notes yet.", interactions_of
    ),
    "properties": Kind(PropertyRecord, "Houses", "No house listed.", houses_of),
    "memberships": Kind(MembershipRecord, "Memberships", "No membership.", memberships_of),
    "payments": Kind(
        Payment,
        "Payments",
        "No payment.",
        payments_of,
        lambda contact: {"owner": owner_pk(contact)},
    ),
    "mails": Kind(
        Notice,
        "Mails",
        "No mail about a membership or a listing.",
        mails_of,
        lambda contact: {"owner": owner_pk(contact)},
    ),
    "enquiries": Kind(EnquiryRecord, "Enquiries", "No enquiry made or received.", enquiries_of),
    "activity": Kind(
        ActivityLog,
        "Activity",
        "Nothing has happened yet.",
        lambda contact: activity_of(contact.pk, ActivityLog.objects.exclude(outcome=ROUTINE)),
    ),
}


def refused_mail(contact: Contact, chapters: dict[str, Chapter]) -> Notice | None:
    """Return the newest mail to today's address if it was refused: then that wants looking at."""
    mails = chapters["mails"].rows if "mails" in chapters else []
    settled = [
        mail for mail in mails if mail.to == contact.email and mail.state in ("sent", "refused")
    ]
    return settled[0] if settled and settled[0].state == "refused" else None


def tell(contact: Contact, request: HttpRequest) -> dict[str, Chapter]:
    """Return the chapters that this person may read, by name."""
    kinds = {name: kind for name, kind in KINDS.items() if kind.may_be_seen(request)}
    if not kinds:
        return {}
    rows = {name: kind.of(contact) for name, kind in kinds.items()}
    counted = counts(rows)
    return {
        name: Chapter(
            name=name,
            title=kind.title,
            nothing=kind.nothing,
            rows=list(rows[name][:SHOWN]),
            count=counted[name],
            all_url=kind.all_url(contact),
        )
        for name, kind in kinds.items()
    }
