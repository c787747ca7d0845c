"""Drift of every kind, planted past every signal in all four entities, by each way there is."""

from dataclasses import dataclass

from django.db import connection

from accounts.models import Owner, User
from billing.models import Membership
from billing.tests.factories import MembershipFactory
from crm.mirror.rows import Key
from crm.models import Contact, EnquiryRecord, PropertyRecord
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory


def run_sql(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@dataclass
class Business:
    """Houses with an owner, two enquiries and a membership each, all mirrored; nine at least."""

    houses: list[Property]
    enquiries: list[Enquiry]
    memberships: list[Membership]


def open_business(size: int = 9) -> Business:
    houses = PropertyFactory.create_batch(size, live=True)
    enquiries = [EnquiryFactory(property=house) for house in houses for _ in range(2)]
    memberships = [MembershipFactory(owner=house.owner, property=house) for house in houses]
    return Business(houses, enquiries, memberships)


def plant(business: Business) -> set[tuple[str, str, Key]]:
    """Return what differs now: `(entity, kind, key)`."""
    planters = (by_update, by_bulk_create, by_raw_sql, by_raw_deletion, on_records)
    return set().union(*(planter(business) for planter in planters))


def by_update(business: Business) -> set[tuple[str, str, Key]]:
    first, second = business.houses[:2]
    enquiry, membership = business.enquiries[0], business.memberships[0]
    Property.objects.filter(pk__in=[first.pk, second.pk]).update(bedrooms=99, description="")
    Owner.objects.filter(pk=first.owner_id).update(phone="0")
    User.objects.filter(pk=second.owner.user_id).update(first_name="Ünï 🏠")
    Enquiry.objects.filter(pk=enquiry.pk).update(check_in=None, group_size=7)
    Membership.objects.filter(pk=membership.pk).update(net_pence=0)
    return {
        ("properties", "changed", first.pk),
        ("properties", "changed", second.pk),
        ("contacts", "changed", first.owner.user_id),
        ("contacts", "changed", second.owner.user_id),
        ("enquiries", "changed", enquiry.pk),
        ("memberships", "changed", membership.pk),
    }


def by_bulk_create(business: Business) -> set[tuple[str, str, Key]]:
    house, tier = business.houses[2], business.memberships[0].tier
    asked = Enquiry.objects.bulk_create(
        EnquiryFactory.build_batch(2, property=house, owner=house.owner)
    )
    listed = Property.objects.bulk_create([PropertyFactory.build(owner=house.owner, slug="bulk")])
    paid = Membership.objects.bulk_create(
        [MembershipFactory.build(owner=house.owner, property=None, tier=tier)]
    )
    (user,) = User.objects.bulk_create([User(email="bulk@example.com")])
    Owner.objects.bulk_create([Owner(user=user)])
    return {
        ("contacts", "missing", user.pk),
        *(("contacts", "missing", each.guest_email) for each in asked),
        *(("enquiries", "missing", each.pk) for each in asked),
        *(("properties", "missing", each.pk) for each in listed),
        *(("memberships", "missing", each.pk) for each in paid),
    }


def by_raw_sql(business: Business) -> set[tuple[str, str, Key]]:
    house, enquiry = business.houses[3], business.enquiries[6]
    membership = business.memberships[3]
    run_sql("UPDATE listings_property SET title = 'Raw' WHERE id = %s", house.pk)
    run_sql("UPDATE accounts_owner SET city = 'Raw' WHERE id = %s", house.owner_id)
    run_sql("UPDATE listings_enquiry SET message = '50 %% off' WHERE id = %s", enquiry.pk)
    run_sql("UPDATE billing_membership SET status = 'expired' WHERE id = %s", membership.pk)
    return {
        ("properties", "changed", house.pk),  # its tier has gone too
        ("contacts", "changed", house.owner.user_id),
        ("enquiries", "changed", enquiry.pk),
        ("memberships", "changed", membership.pk),
    }


def by_raw_deletion(business: Business) -> set[tuple[str, str, Key]]:
    house, enquiry = business.houses[4], business.enquiries[10]
    membership = business.memberships[4]
    lost, left = business.enquiries[8], business.enquiries[9]
    owner = house.owner
    run_sql("DELETE FROM billing_membership WHERE id = %s", membership.pk)
    for each in (lost, left):
        run_sql("DELETE FROM listings_enquiry WHERE id = %s", each.pk)
    run_sql("DELETE FROM listings_property WHERE id = %s", house.pk)
    run_sql("DELETE FROM accounts_owner WHERE id = %s", owner.pk)
    Enquiry.objects.filter(pk=enquiry.pk)._raw_delete("default")
    return {
        ("memberships", "orphaned", membership.pk),
        *(("enquiries", "orphaned", each.pk) for each in (lost, left, enquiry)),
        *(("contacts", "orphaned", each.guest_email) for each in (lost, left, enquiry)),
        ("properties", "orphaned", house.pk),
        ("contacts", "orphaned", owner.user_id),
    }


def on_records(business: Business) -> set[tuple[str, str, Key]]:
    """What a hand in the CRM's tables does: deleted, changed, swapped, linked to nothing."""
    houses, enquiries, memberships = business.houses, business.enquiries, business.memberships
    PropertyRecord.objects.filter(property=houses[6]).delete()
    run_sql("DELETE FROM crm_enquiries WHERE enquiry_id = %s", enquiries[14].pk)
    run_sql("DELETE FROM crm_memberships WHERE membership_id = %s", memberships[6].pk)
    run_sql(
        "UPDATE crm_properties SET title = location, location = title WHERE property_id = %s",
        houses[7].pk,
    )
    EnquiryRecord.objects.filter(enquiry=enquiries[15]).update(contact=None, message="")
    run_sql(
        "UPDATE crm_memberships SET membership_id = 987654 WHERE membership_id = %s",
        memberships[7].pk,
    )
    Contact.objects.filter(user=houses[8].owner.user_id).update(phone="?", is_owner=False)
    return {
        ("properties", "missing", houses[6].pk),
        ("enquiries", "changed", enquiries[12].pk),  # they let go of that house
        ("enquiries", "changed", enquiries[13].pk),
        ("enquiries", "missing", enquiries[14].pk),
        ("memberships", "missing", memberships[6].pk),
        ("properties", "changed", houses[7].pk),
        ("enquiries", "changed", enquiries[15].pk),
        ("memberships", "orphaned", 987654),
        ("memberships", "missing", memberships[7].pk),
        ("contacts", "changed", houses[8].owner.user_id),
    }
