"""Rows of the mirror, made without their sources: the API reads nothing else."""

import datetime
import itertools
from typing import Any

from django.utils import timezone

from billing.models import Cycle, MembershipStatus
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from listings.choices import EnquiryStatus, ListingStatus

numbers = itertools.count(1)


def make_contact(**fields: Any) -> Contact:
    number = next(numbers)
    defaults = {"email": f"person{number}@example.com", "last_name": f"Person{number:04}"}
    return Contact.objects.create(**{"first_name": "Pat"} | defaults | fields)


def make_property(**fields: Any) -> PropertyRecord:
    number = next(numbers)
    defaults = {
        "owner": fields.get("owner") or make_contact(is_owner=True),
        "title": f"Hall {number}",
        "slug": f"hall-{number}",
        "bedrooms": 12,
        "bathrooms": 6,
        "guests": 24,
        "listing_status": ListingStatus.LIVE,
        "price_pence": 180_000,
        "created_at": timezone.now(),
    }
    return PropertyRecord.objects.create(**defaults | fields)


def make_enquiry(**fields: Any) -> EnquiryRecord:
    house = fields.get("property") or make_property()
    defaults = {
        "property": house,
        "owner": house.owner,
        "contact": fields.get("contact") or make_contact(is_guest=True),
        "status": EnquiryStatus.NEW,
        "guest_name": "Gus Guest",
        "guest_email": "gus@example.com",
        "group_size": 16,
        "created_at": timezone.now(),
    }
    return EnquiryRecord.objects.create(**defaults | fields)


def make_membership(**fields: Any) -> MembershipRecord:
    number = next(numbers)
    house = fields.get("property") or make_property()
    defaults = {
        "property": house,
        "contact": house.owner,
        "plan_tier": "silver",
        "billing_cycle": Cycle.ANNUAL,
        "plan_price_pence": 65_000,
        "start_date": datetime.date(2026, 1, 10),
        "renewal_date": datetime.date(2027, 1, 10),
        "status": MembershipStatus.ACTIVE,
        "stripe_customer_id": f"cus_{number}",
        "stripe_subscription_id": f"sub_{number}",
        "created_at": timezone.now(),
        "updated_at": timezone.now(),
    }
    return MembershipRecord.objects.create(**defaults | fields)


MAKERS = {
    "contacts": make_contact,
    "properties": make_property,
    "enquiries": make_enquiry,
    "memberships": make_membership,
}
