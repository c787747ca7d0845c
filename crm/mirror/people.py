"""People: one contact per person, known by a user account or, for guests, by e-mail alone."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import (
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from accounts.models import Owner, User
from crm.mirror.base import Mirror
from crm.mirror.differs import Differs, any_of
from crm.models import Contact, Entity
from listings.models import Enquiry

NOTHING = Value("", output_field=CharField())


class People(Mirror):
    """What owners and guests share: the record, and an id that outlives every address."""

    name = "people"
    entity = Entity.CONTACTS
    record = Contact
    routine = frozenset({"last_activity_date"})
    # Not made from the address: a person may leave it, and another may come to use it.
    has_lasting_id = False

    def changed(self) -> QuerySet[Any]:
        """As in the base, but by the link alone: an account that it leads over may be gone."""
        differs = (Differs(F(column), OuterRef(f"new_{column}")) for column in self.columns)
        return self.expectation().filter(Exists(self._record().filter(any_of(differs))))


def known_owners() -> QuerySet[Owner]:
    """Return the owners whose address is theirs as far as anybody can tell.

    One who has not confirmed it, and whose address a guest has written from, may be a stranger:
    the contact stays the guest's until the address is confirmed.
    """
    asked = Enquiry.objects.filter(guest_email=OuterRef("email"))
    claimed = EmailAddress.objects.filter(
        Exists(asked), user=OuterRef("user"), email=F("user__email"), verified=False
    )
    return Owner.objects.order_by().exclude(Exists(claimed))


def is_an_owners() -> Exists:
    """Whether a contact is an owner's who has another address: it is going to get that one."""
    theirs = User.objects.filter(pk=OuterRef("user"), email=OuterRef(OuterRef("email")))
    return Exists(known_owners().filter(~Exists(theirs), user=OuterRef("user")))


def to_be_adopted() -> QuerySet[Contact]:
    """Return the contacts with an owner's address that are no owner's, as far as they go."""
    of_somebody = Owner.objects.filter(user=OuterRef("user"))
    known = known_owners().filter(user__email=OuterRef("email"))
    return Contact.objects.order_by().filter(~Exists(of_somebody), Exists(known))


def by_no_address() -> Q:
    """Say of contacts that nobody is known by their address: neither an owner nor a guest."""
    owners = known_owners().filter(user__email=OuterRef("email"))
    return Q(~Exists(owners), ~Exists(Enquiry.objects.filter(guest_email=OuterRef("email"))))


def standing_values(contact: Contact | None, columns: Iterable[str]) -> dict[str, Any]:
    names = {column: Contact._meta.get_field(column).attname for column in columns}
    return {column: getattr(contact, name, None) for column, name in names.items()}
