"""Which rows each record is made of, and so which bulk writes may have let it drift."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.models import Owner, User
from billing.models import Membership
from crm.mirror import Mirror
from crm.mirror.rows import Key
from crm.models import BulkWrite, Contact, EnquiryRecord, MembershipRecord
from listings.models import Enquiry, Photo, Property


@dataclass(frozen=True)
class Feed:
    """Rows of `model` that a record is made of: those where `path` is the record's key.

    Or its column `by`, where that is given, "id" being the lasting one. A row that has moved on to
    another record is found `through` the record that still has it: `pk` is that row's key there.
    """

    model: type[Model]
    path: str = "pk"
    by: str = ""
    through: type[Model] | None = None
    pk: str = "pk"


FEEDS: dict[str, tuple[Feed, ...]] = {
    "owners": (Feed(User), Feed(Owner, "user"), Feed(Enquiry, "guest_email", by="email")),
    "guests": (
        Feed(Enquiry, "guest_email"),
        Feed(Enquiry, "guest_email", through=EnquiryRecord, pk="enquiry"),
        Feed(User, "email", through=Contact, pk="user"),
    ),
    "properties": (
        Feed(Property),
        Feed(Photo, "property"),
        Feed(Membership, "property"),
        Feed(Membership, "property", by="id", through=MembershipRecord, pk="membership"),
    ),
    "enquiries": (Feed(Enquiry), Feed(User, "email", by="guest_email")),
    "memberships": (Feed(Membership),),
}


@dataclass
class Written:
    """The rows of some time's bulk writes; a model in `anywhere` had too many to be named."""

    keys: dict[str, set[Key]] = field(default_factory=dict)
    anywhere: set[str] = field(default_factory=set)

    def reaching(self, mirror: Mirror, records: Mapping[Any, Mapping[str, Any]]) -> set[Any]:
        """Return the keys of the records, given as `{key: columns}`, that one of them reaches."""
        feeds = [feed for feed in FEEDS[mirror.name] if self._knows(feed)]
        if any(feed.model._meta.label_lower in self.anywhere for feed in feeds):
            return set(records)
        return {key for feed in feeds for key in self._reached(feed, mirror, records)}

    def _knows(self, feed: Feed) -> bool:
        return feed.model._meta.label_lower in self.keys.keys() | self.anywhere

    def _reached(
        self, feed: Feed, mirror: Mirror, records: Mapping[Any, Mapping[str, Any]]
    ) -> set[Any]:
        named = {key: _sought(feed, mirror, key, columns) for key, columns in records.items()}
        sought = set(named.values()) - {None}
        rows = (feed.through or feed.model)._base_manager.filter(**{f"{feed.path}__in": sought})
        written = self.keys[feed.model._meta.label_lower]
        reached = {value for value, key in rows.values_list(feed.path, feed.pk) if key in written}
        return {key for key, value in named.items() if value in reached}


def _sought(feed: Feed, mirror: Mirror, key: Any, columns: Mapping[str, Any]) -> Any:
    if feed.by == "id":
        return mirror.lasting_id(key)
    return columns.get(feed.by) if feed.by else key


def since(moment: datetime | None) -> Written:
    """Return what was written in bulk since then; with no moment, as far as notes go back."""
    written = Written()
    notes = BulkWrite.objects.filter(created_at__gte=moment) if moment else BulkWrite.objects.all()
    for model, keys in notes.order_by().values_list("model", "keys").iterator():
        if keys is None:
            written.anywhere.add(model)
        else:
            written.keys.setdefault(model, set()).update(keys)
    return written
