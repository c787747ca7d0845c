from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, StrIndex, Substr, Trim

from crm.mirror.among import Among
from crm.mirror.base import MIRRORS
from crm.mirror.people import (
    NOTHING,
    People,
    by_no_address,
    is_an_owners,
    known_owners,
    standing_values,
)
from crm.mirror.rows import Key, Outcome, Row
from crm.models import Contact
from listings.models import Enquiry

SPACE = StrIndex("guest_name", Value(" "))


class Guests(People):
    """Guests, keyed by their address. The newest enquiry says what they are called."""

    name = "guests"
    source = Enquiry
    called = F("guest_name")
    link = "email"
    key = "guest_email"
    conflict = "email"
    columns = {
        "user": Value(None, output_field=IntegerField()),
        "email": F("guest_email"),
        "first_name": Case(
            When(guest_name__contains=" ", then=Substr("guest_name", 1, SPACE - 1)),
            default=F("guest_name"),
        ),
        "last_name": Case(
            When(guest_name__contains=" ", then=Trim(Substr("guest_name", SPACE + 1))),
            default=NOTHING,
        ),
        "phone": Coalesce(
            Subquery(
                Enquiry.objects.filter(guest_email=OuterRef("guest_email"))
                .exclude(guest_phone="")
                .order_by("-created_at", "-pk")
                .values("guest_phone")[:1]
            ),
            NOTHING,
        ),
        **dict.fromkeys(("company_name", "address", "city", "state", "zip_code"), NOTHING),
        "country": NOTHING,
        "is_owner": Value(False),
        "is_guest": Value(True),
        "signup_date": Value(None, output_field=DateTimeField()),
        "last_activity_date": F("created_at"),
    }

    def sources(self) -> QuerySet[Enquiry]:
        """Return the newest enquiry of each address that is not an owner's."""
        newest = (
            Enquiry.objects.filter(guest_email=OuterRef("guest_email"))
            .order_by("-created_at", "-pk")
            .values("pk")[:1]
        )
        an_owner = known_owners().filter(user__email=OuterRef("guest_email"))
        return super().sources().filter(~Exists(an_owner), pk=Subquery(newest))

    def orphaned(self) -> QuerySet[Contact]:
        """An owner may have come to have the address: then the contact is for that one."""
        return self.records().filter(by_no_address())

    def rows(self, keys: Iterable[Key]) -> list[Row]:
        """As in the base, but in two queries: no foreign key leads from an address to a contact."""
        keys = list(keys)
        mine = Contact.objects.order_by().filter(~is_an_owners(), email__in=keys)
        contacts = {contact.email: contact for contact in mine}
        found = self.expectation().filter(guest_email__in=keys)
        return [
            self._beside(values, contacts.get(values["mirror_key"]))
            for values in found.values(*self._projected_names())
        ]

    def records(self) -> QuerySet[Contact]:
        return super().records().filter(is_owner=False, is_guest=True, user=None)

    def _record(self) -> QuerySet[Contact]:
        return super()._record().filter(~is_an_owners())

    def sync(self, keys: Iterable[Key], *, now: datetime) -> Outcome:
        keys = list(dict.fromkeys(keys))
        self.lock(keys)
        owners = dict(
            known_owners().filter(Among("user__email", keys)).values_list("user__email", "user_id")
        )
        # Whoever still goes by an address that is not theirs any more has to leave it first.
        holders = Contact.objects.order_by().filter(Among("email", keys)).exclude(user=None)
        users = {*owners.values(), *holders.values_list("user", flat=True)}
        outcome = MIRRORS["owners"].sync(users, now=now)
        return outcome + self.take_over([key for key in keys if key not in owners], now=now)

    def lock(self, addresses: Iterable[str] | None) -> None:
        """Let one writer at a time decide whose an address is: each has to see what the other did.

        Whether somebody asks from it, signs up with it, confirms it or leaves it. None locks all.
        """
        self._statement.lock(None if addresses is None else list(addresses))

    def take_over(self, addresses: Iterable[str], *, now: datetime) -> Outcome:
        """Sync addresses that no owner has, or goes by."""
        return super().sync(addresses, now=now)

    @property
    def unlinked(self) -> dict[str, None]:
        # A guest without an enquiry left keeps the address; staff may still know the person.
        return {}

    def _beside(self, values: Mapping[str, Any], contact: Contact | None) -> Row:
        old = standing_values(contact, self.columns)
        found = {f"old_{column}": value for column, value in old.items()}
        return self._row({**values, **found, "record_id": contact and contact.pk})
