from django.db.models import F, OuterRef, Subquery

from crm.mirror.base import Mirror
from crm.mirror.references import guests_contact, house, owners_contact
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
