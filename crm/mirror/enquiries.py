from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from crm.mirror.among import Among
from crm.mirror.base import MIRRORS, Mirror
from crm.mirror.references import guests_contact, house, owners_contact
from crm.mirror.rows import Key, Outcome
from crm.models import Contact, EnquiryRecord, Entity
from listings.models import Enquiry


class Enquiries(Mirror):
    """Guests' enquiries, joined to the guest's contact by e-mail and to the owner's by user."""

    name = "enquiries"
    entity = Entity.ENQUIRIES
    source = Enquiry
    record = EnquiryRecord
    link = "enquiry"
    called = F("guest_name")
    status = "status"
    columns = {
        "enquiry": F("pk"),
        "owner": Subquery(
            Contact.objects.order_by().filter(user=OuterRef("owner__user")).values("pk")
        ),
        "contact": Subquery(
            Contact.objects.order_by().filter(email=OuterRef("guest_email")).values("pk")
        ),
        "property": F("property__crm_record__pk"),
        "status": F("status"),
        "message": F("message"),
        "guest_name": F("guest_name"),
        "guest_email": F("guest_email"),
        "guest_phone": F("guest_phone"),
        "check_in": F("check_in"),
        "check_out": F("check_out"),
        "group_size": F("group_size"),
        "first_response_at": F("first_response_at"),
        "created_at": F("created_at"),
    }
    references = {
        "owner": owners_contact("owner__user"),
        "contact": guests_contact("guest_email"),
        "property": house("property"),
    }
    parents = {
        "owner": ("owners", "owner__user"),
        "contact": ("guests", "guest_email"),
        "property": ("properties", "property"),
    }

    def sync(self, keys: Iterable[Key], *, now: datetime) -> Outcome:
        """As in the base; the address that an enquiry named before may be nobody's now."""
        keys = list(keys)
        moved = self.records().filter(Among("enquiry", keys))
        moved = moved.exclude(guest_email=F("enquiry__guest_email"))
        left = list(moved.values_list("guest_email", flat=True))
        outcome = super().sync(keys, now=now)
        MIRRORS["guests"].sync(left, now=now)
        return outcome
