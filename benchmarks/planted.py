"""About a thousand differences, of all kinds, in all four entities, past every signal."""

from collections.abc import Iterator
from itertools import count, islice

from django.db import connection
from django.db.models import Count, Model

from accounts.models import Owner, User
from billing.models import Membership, Tier
from billing.tests.factories import MembershipFactory
from crm.models import ActivityLog, Contact
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

SOME = 40  # of each entity in each way


def plant() -> None:
    by_update()
    by_raw_sql()
    by_bulk_create()
    by_deletion()
    on_records()


def by_update() -> None:
    Property.objects.filter(pk__in=some(Property)).update(bedrooms=99)
    Enquiry.objects.filter(pk__in=some(Enquiry)).update(group_size=99)
    Membership.objects.filter(pk__in=some(Membership)).update(net_pence=1)
    User.objects.filter(pk__in=some(User)).update(first_name="Changed")


def by_raw_sql() -> None:
    run_sql("UPDATE listings_property SET title = 'By hand' WHERE id IN", some(Property))
    run_sql("UPDATE listings_enquiry SET message = 'By hand' WHERE id IN", some(Enquiry))
    run_sql("UPDATE billing_membership SET end_date = NULL WHERE id IN", some(Membership))
    run_sql("UPDATE accounts_owner SET city = 'By hand' WHERE id IN", some(Owner))


def by_bulk_create() -> None:
    owner, tier = Owner.objects.earliest("pk"), Tier.objects.earliest("pk")
    Property.objects.bulk_create(
        PropertyFactory.build(owner=owner, slug=f"in-bulk-{number}") for number in range(SOME)
    )
    Enquiry.objects.bulk_create(EnquiryFactory.build_batch(SOME, property=None, owner=owner))
    Membership.objects.bulk_create(
        MembershipFactory.build_batch(SOME, owner=owner, property=None, tier=tier)
    )
    users = User.objects.bulk_create(
        User(email=f"in-bulk-{number}@example.com") for number in range(SOME)
    )
    Owner.objects.bulk_create(Owner(user=user) for user in users)


def by_deletion() -> None:
    """Contacts are orphaned by their only enquiry, and houses once nothing refers to them."""
    alone = Enquiry.objects.values("guest_email").annotate(Count("pk")).filter(pk__count=1)
    emails = alone.order_by("guest_email").values_list("guest_email", flat=True)[:SOME]
    run_sql(
        "DELETE FROM listings_enquiry WHERE id IN",
        Enquiry.objects.filter(guest_email__in=list(emails)).values_list("pk", flat=True),
    )
    run_sql("DELETE FROM billing_membership WHERE id IN", some(Membership))
    houses = list(some(Property))
    run_sql("UPDATE listings_enquiry SET property_id = NULL WHERE property_id IN", houses)
    run_sql("UPDATE billing_membership SET property_id = NULL WHERE property_id IN", houses)
    run_sql("DELETE FROM listings_property WHERE id IN", houses)


def on_records() -> None:
    run_sql("UPDATE crm_properties SET location = '' WHERE property_id IN", some(Property))
    run_sql("UPDATE crm_enquiries SET guest_name = '?' WHERE enquiry_id IN", some(Enquiry))
    run_sql(
        "UPDATE crm_memberships SET auto_renew = false WHERE membership_id IN", some(Membership)
    )
    run_sql("UPDATE crm_contacts SET phone = '?' WHERE user_id IN", some(User))
    run_sql("DELETE FROM crm_enquiries WHERE enquiry_id IN", some(Enquiry))
    run_sql("DELETE FROM crm_memberships WHERE membership_id IN", some(Membership))
    guests = Contact.objects.filter(is_owner=False).order_by("-email")[:SOME]
    Contact.objects.filter(pk__in=[guest.pk for guest in guests]).delete()


turns = count()


def some(model: type[Model]) -> Iterator[int]:
    """Return keys of rows that no other way has had."""
    taken = next(turns) * SOME
    return islice(
        model._base_manager.order_by("pk").values_list("pk", flat=True), taken, taken + SOME
    )


def run_sql(sql: str, keys: Iterator[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ({', '.join(map(str, keys))})")


def tell_causes() -> None:
    causes = ActivityLog.objects.exclude(cause="").order_by("cause").values_list("cause")
    for cause, entries in causes.annotate(Count("pk")):
        print(f"    {cause:<20}{entries:>6,}")
