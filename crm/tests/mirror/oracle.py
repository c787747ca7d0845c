"""What the records must say, worked out from the sources a second time and in another way.

It shares nothing with the production mapping: plain loops over plain rows, in the words of the
business. Records are named by what people know: an address, or the key of the source.
"""

from accounts.models import Owner
from billing.models import Membership
from listings.models import Enquiry, Property

CURRENT = ("active", "expiring_soon", "past_due")


def expected_contacts() -> dict[str, dict]:
    people: dict[str, dict] = {}
    for enquiry in Enquiry.objects.order_by("created_at", "pk"):
        known = people.get(enquiry.guest_email, {})
        first, _, last = enquiry.guest_name.partition(" ")
        people[enquiry.guest_email] = {
            "user": None,
            "first_name": first,
            "last_name": last.strip(" "),
            "phone": enquiry.guest_phone or known.get("phone", ""),
            "company_name": "",
            "city": "",
            "is_owner": False,
            "is_guest": True,
            "last_activity_date": enquiry.created_at,
        }
    for owner in Owner.objects.select_related("user"):
        unconfirmed = owner.user.emailaddress_set.filter(email=owner.user.email, verified=False)
        if owner.user.email in people and unconfirmed.exists():
            continue  # it may be a stranger
        people[owner.user.email] = {
            "user": owner.user_id,
            "first_name": owner.user.first_name,
            "last_name": owner.user.last_name,
            "phone": owner.phone,
            "company_name": owner.company,
            "city": owner.city,
            "is_owner": True,
            "is_guest": owner.user.email in people,
            "last_activity_date": owner.user.last_login or owner.signup_date,
        }
    return people


def expected_properties() -> dict[int, dict]:
    tiers = {
        each.property_id: each.tier.code
        for each in Membership.objects.select_related("tier")
        if each.status in CURRENT and each.property_id
    }
    return {
        house.pk: {
            "owner": house.owner.user.email,
            "title": house.title,
            "location": f"{house.town}, {house.county}" if house.town else house.county,
            "description": house.description,
            "bedrooms": house.bedrooms,
            "guests": house.sleeps_max,
            "listing_status": house.status,
            "plan_tier": tiers.get(house.pk, ""),
            "price_pence": house.weekend_price_pence,
        }
        for house in Property.objects.select_related("owner__user")
    }


def expected_enquiries() -> dict[int, dict]:
    return {
        enquiry.pk: {
            "owner": enquiry.owner.user.email if enquiry.owner else None,
            "contact": enquiry.guest_email,
            "property": enquiry.property_id,
            "status": enquiry.status,
            "message": enquiry.message,
            "check_in": enquiry.check_in,
            "group_size": enquiry.group_size,
        }
        for enquiry in Enquiry.objects.select_related("owner__user")
    }


def expected_memberships() -> dict[int, dict]:
    return {
        each.pk: {
            "contact": each.owner.user.email if each.owner else None,
            "property": each.property_id,
            "plan_tier": each.tier.code,
            "plan_price_pence": each.net_pence,
            "status": each.status,
            "next_payment_date": each.next_payment_date,
        }
        for each in Membership.objects.select_related("owner__user", "tier")
    }
