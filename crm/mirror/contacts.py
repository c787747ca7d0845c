"""People: one contact per person, known by a user account or, for guests, by e-mail alone."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, StrIndex, Substr, Trim

from accounts.models import Owner, User
from crm.mirror.among import Among
from crm.mirror.base import MIRRORS, Mirror
from crm.mirror.differs import Differs, any_of
from crm.mirror.merge import adopt_contact, free_address, merge_contacts
from crm.mirror.rows import Key, Outcome, Row
from crm.models import Contact, Entity
from listings.models import Enquiry

NOTHING = Value("", output_field=CharField())
SPACE = StrIndex("guest_name", Value(" "))


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


def lock_addresses(addresses: Iterable[tuple[str]]) -> None:
    """Let one writer at a time decide whose an address is: each has to see what the other did.

    Whether somebody asks from it, signs up with it, confirms it or leaves it.
    """
    MIRRORS["guests"].lock([address for (address,) in addresses])


class Owners(People):
    """Owners, keyed by their user. Their own details win over what they once typed as a guest."""

    name = "owners"
    source = Owner
    called = Trim(Concat("user__first_name", Value(" "), "user__last_name"))
    link = "user"
    key = "user_id"
    record_path = "user__crm_record"
    stamps = ("updated_at", "user__date_joined", "user__last_login")
    unstamped = ("email", "first_name", "last_name", "is_guest")
    columns = {
        "user": F("user_id"),
        # An owner whose account was deleted past the constraints has no address, but notes.
        "email": Coalesce(
            "user__email", Concat(Cast("user_id", CharField()), Value("@gone.invalid"))
        ),
        "first_name": Coalesce("user__first_name", NOTHING),
        "last_name": Coalesce("user__last_name", NOTHING),
        "phone": F("phone"),
        "company_name": F("company"),
        "address": F("address"),
        "city": F("city"),
        "state": F("state"),
        "zip_code": F("zip_code"),
        "country": F("country"),
        "is_owner": Value(True),
        "is_guest": Exists(Enquiry.objects.filter(guest_email=OuterRef("user__email"))),
        "signup_date": F("signup_date"),
        "last_activity_date": Coalesce("user__last_login", "signup_date"),
    }

    def sources(self) -> QuerySet[Owner]:
        return known_owners()

    def orphaned(self) -> QuerySet[Contact]:
        """As in the base, but for those whose address says who is to have them."""
        known = known_owners().filter(user=OuterRef("user"))
        return self.records().filter(~Exists(known), by_no_address())

    def rows(self, keys: Iterable[Key]) -> list[Row]:
        """As in the base; beside an owner without a contact stands the one to be adopted."""
        rows = super().rows(keys)
        if lone := {row.new["email"]: row for row in rows if row.record_id is None}:
            users = {row.key: row for row in lone.values()}
            for contact in Contact.objects.filter(user__in=users):  # of an account that is gone
                self._set_beside(users[contact.user_id], contact)
            for contact in to_be_adopted().filter(email__in=lone):
                self._set_beside(lone[contact.email], contact)
        return rows

    def _set_beside(self, row: Row, contact: Contact) -> None:
        row.record_id, row.old = contact.pk, standing_values(contact, self.columns)

    def blocked(self) -> Q:
        """A new address waits if somebody has it, has asked from it, or leaves another for it."""
        mine = Contact.objects.filter(user=OuterRef("user"))
        holder = Contact.objects.filter(email=OuterRef("new_email"))
        asked = Enquiry.objects.filter(guest_email=OuterRef("new_email"))
        settled = Exists(mine.filter(email=OuterRef("new_email")))
        return ~Q(settled) & (Q(Exists(mine)) | Q(Exists(holder)) | Q(Exists(asked)))

    def sync(self, keys: Iterable[Key], *, now: datetime) -> Outcome:
        """As in the base; what the owner of a new contact has already waits for that contact."""
        keys = list(keys)
        had = Contact.objects.order_by().filter(Among("user", keys)).values_list("email")
        has = User.objects.order_by().filter(Among("pk", keys)).values_list("email")
        lock_addresses(had.union(has))
        outcome = super().sync(keys, now=now)
        if outcome.created:
            self._follow({"owners": keys}, now)
        return outcome

    def _write_waiting(self, keys: list[Key], now: datetime) -> dict[Key, str]:
        mine = Contact.objects.filter(Among("user", keys))
        left = set(mine.values_list("email", flat=True))
        taken = dict(self.sources().filter(Among("user", keys)).values_list("user", "user__email"))
        for user, address in self._held_by_others(taken):
            self._claim_address(user, address, now)
        written = self._statement.run(keys, now=now, force=True)
        MIRRORS["guests"].sync(left - set(taken.values()), now=now)
        self._follow({"owners": keys, "guests": left | set(taken.values())}, now)
        return written

    def records(self) -> QuerySet[Contact]:
        return super().records().filter(Q(is_owner=True) | Q(user__isnull=False))

    def bury(self, orphans: QuerySet[Contact], now: datetime) -> int:
        """An owner who is gone may still be a guest: then the contact stays, as a guest's."""
        guests = MIRRORS["guests"].sources().filter(guest_email=OuterRef("email"))
        staying = list(orphans.filter(Exists(guests)))
        MIRRORS["guests"].take_over([contact.email for contact in staying], now=now)
        self._let_go(staying, now)
        return super().bury(orphans, now)

    def _held_by_others(self, taken: Mapping[int, str]) -> list[tuple[int, str]]:
        """Return the users, with their addresses, by whose address another contact is known."""
        holders = Contact.objects.filter(Among("email", taken.values()))
        holders = holders.values_list("email", "user")
        other = {email for email, user in holders if taken.get(user) != email}
        return [(user, address) for user, address in taken.items() if address in other]

    def _claim_address(self, user: int, address: str, now: datetime) -> None:
        """Make an address free for an owner; a guest who had it is the owner, as it turns out."""
        mine = Contact.objects.filter(user=user).first()
        holder = Contact.objects.filter(email=address).first()
        if holder is None or holder == mine:
            return
        if Owner.objects.filter(user__crm_record=holder).exists():
            free_address(holder, now)
            self.sync([holder.user_id], now=now)
        elif mine is None:
            adopt_contact(holder, user, now)
        else:
            merge_contacts(holder, into=mine, now=now)

    def _follow(self, people: Mapping[str, Collection[Key]], now: datetime) -> None:
        """Let the records that belong to these people refer to their contacts of now.

        What has no record yet gets it in its own turn. Where they have nothing of a kind, its
        records are not even looked at: their table may be broken, and people's is not.
        """
        for mirror in MIRRORS.values():
            for parent, path in mirror.parents.values():
                theirs = mirror.sources().filter(Among(path, people.get(parent, ())))
                if theirs.exists():
                    mirrored = theirs.filter(**{f"{mirror.record_path}__isnull": False})
                    mirror.sync(mirrored.values_list(mirror.key, flat=True), now=now)


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
        lock_addresses((key,) for key in keys)
        owners = dict(
            known_owners().filter(Among("user__email", keys)).values_list("user__email", "user_id")
        )
        # Whoever still goes by an address that is not theirs any more has to leave it first.
        holders = Contact.objects.filter(Among("email", keys)).exclude(user=None)
        users = {*owners.values(), *holders.values_list("user", flat=True)}
        outcome = MIRRORS["owners"].sync(users, now=now)
        return outcome + self.take_over([key for key in keys if key not in owners], now=now)

    def lock(self, addresses: list[str]) -> None:
        self._statement.lock(addresses)

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


def standing_values(contact: Contact | None, columns: Iterable[str]) -> dict[str, Any]:
    names = {column: Contact._meta.get_field(column).attname for column in columns}
    return {column: getattr(contact, name, None) for column, name in names.items()}
