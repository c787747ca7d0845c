from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import (
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat, Trim

from accounts.models import Owner, User
from crm.mirror.among import Among
from crm.mirror.base import MIRRORS
from crm.mirror.merge import adopt_contact, free_address, merge_contacts
from crm.mirror.people import (
    NOTHING,
    People,
    by_no_address,
    known_owners,
    standing_values,
    to_be_adopted,
)
from crm.mirror.rows import Key, Outcome, Row
from crm.mirror.statement import FEW
from crm.models import Contact
from listings.models import Enquiry


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
        MIRRORS["guests"].lock(self._addresses_of(keys) if len(keys) <= FEW else None)
        outcome = super().sync(keys, now=now)
        if outcome.created:
            self._follow({"owners": keys}, now)
        return outcome

    def _addresses_of(self, keys: list[Key]) -> QuerySet[Any, str]:
        had = Contact.objects.order_by().filter(Among("user", keys)).values_list("email", flat=True)
        has = User.objects.order_by().filter(Among("pk", keys)).values_list("email", flat=True)
        return had.union(has)

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
