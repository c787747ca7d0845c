"""What pages cost, in queries: the same at 2 rows and at 12."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import Owner
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Customer
from billing.tests.factories import (
    EpisodeFactory,
    IncomingEventFactory,
    MembershipFactory,
    NoticeFactory,
    PaymentFactory,
    PaymentMethodFactory,
    ReconcileRunFactory,
    SubscriptionProblemFactory,
)
from crm.models import Contact
from crm.tests.factories import (
    ActivityFactory,
    InteractionFactory,
    SyncFailureFactory,
    contact,
    enquiry_record,
    membership_record,
    property_record,
)
from listings.tests.factories import EnquiryFactory, PropertyFactory


def membership_with_house(**fields: Any) -> Any:
    owner = OwnerFactory()
    house = PropertyFactory(owner=owner, live=True)
    return membership_record(owner=owner, property=house, **fields)


def interaction_about_a_house() -> Any:
    house = property_record()
    return InteractionFactory(contact=house.owner, related_property=house)


def parked_subscription() -> Any:
    customer = Customer.objects.create(owner=OwnerFactory(), stripe_id=f"cus_{uuid4()}")
    return SubscriptionProblemFactory(stripe_customer_id=customer.stripe_id)


def failing_payment() -> Any:
    house = PropertyFactory(live=True)
    membership = MembershipFactory(owner=house.owner, property=house, status="past_due")
    PaymentMethodFactory(membership=membership)
    episode = EpisodeFactory(membership=membership)
    NoticeFactory(owner=house.owner, membership=membership, episode=episode)
    InteractionFactory(contact=house.owner.user.crm_record)


def mail_about_a_house() -> Any:
    house = PropertyFactory()
    NoticeFactory(owner=house.owner, house=house)


def queued_mail() -> Any:
    EmailMessage("Hello", "Words", to=["alice@example.com"]).send()


# Each list: session, user, queue lengths, count, rows; and for its filters: staff, tiers. The list
# of memberships also sums its revenue, that of payments its columns.
LISTS: dict[str, tuple[Callable[[], Any], int]] = {
    "crm_contact": (contact, 6),
    "crm_propertyrecord": (lambda: property_record(pending=True), 7),
    "crm_enquiryrecord": (lambda: enquiry_record(quarantine_reason="Ten links"), 6),
    "crm_membershiprecord": (membership_with_house, 8),
    "crm_interaction": (interaction_about_a_house, 5),
    "crm_activitylog": (ActivityFactory, 5),
    "crm_syncfailure": (SyncFailureFactory, 6),  # also asks whether its table can be read
    "billing_incomingevent": (IncomingEventFactory, 6),  # also asks whether any has failed
    "billing_episode": (failing_payment, 5),
    "billing_notice": (mail_about_a_house, 5),
    "post_office_email": (queued_mail, 6),  # also the failures
    "billing_payment": (PaymentFactory, 6),
    "billing_reconcilerun": (ReconcileRunFactory, 5),
    "billing_subscriptionproblem": (parked_subscription, 5),
    "accounts_user": (UserFactory, 5),
    "accounts_owner": (OwnerFactory, 5),
}


def cost(desk: Client, address: str) -> list[str]:
    desk.get(address)  # content types are looked up once in a process's life
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    every = [query["sql"] for query in queries.captured_queries]
    # Neither asks a table; PostgreSQL alone needs the second.
    return [sql for sql in every if "SAVEPOINT" not in sql and "set_config" not in sql]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_at_2_rows_and_at_12(desk: Client, name: str) -> None:
    make, expected = LISTS[name]
    address = reverse(f"admin:{name}_changelist")
    for _ in range(2):
        make()
    at_two = cost(desk, address)

    for _ in range(10):
        make()
    at_twelve = cost(desk, address)

    assert (len(at_two), len(at_twelve)) == (expected, expected), "\n".join(at_twelve)


def fill_story(owner: Owner, times: int) -> None:
    """A busy owner who also asks about others' houses."""
    record = owner.user.crm_record
    for _ in range(times):
        house = PropertyFactory(owner=owner, live=True)
        membership = MembershipFactory(owner=owner, property=house)
        PaymentFactory(membership=membership)
        NoticeFactory(owner=owner, membership=membership)
        enquiry = EnquiryFactory(property=house)
        EnquiryFactory(guest_email=owner.user.email)
        InteractionFactory(
            contact=record, related_property=house.crm_record, related_enquiry=enquiry.crm_record
        )


def test_a_contacts_page_costs_the_same_for_a_short_story_and_for_a_long_one(desk: Client) -> None:
    owner = OwnerFactory()
    address = admin_url(owner.user.crm_record)
    fill_story(owner, 2)
    at_two = cost(desk, address)

    fill_story(owner, 10)
    at_twelve = cost(desk, address)

    # session, user, contact, queue lengths, contacts joined with it, counts of the seven chapters,
    # the seven chapters, and the choices of the form for a new interaction: houses, enquiries
    assert (len(at_two), len(at_twelve)) == (15, 15), "\n".join(at_twelve)


def fill_desk(times: int) -> None:
    for _ in range(times):
        property_record(pending=True)
        enquiry_record()
        enquiry_record(quarantine_reason="Ten links")
        EpisodeFactory(membership=membership_with_house(status="past_due").membership)
        parked_subscription()
        IncomingEventFactory(status="parked", next_try_at=None)
        SyncFailureFactory()


def test_the_home_page_costs_the_same_at_2_rows_and_at_12(desk: Client) -> None:
    fill_desk(2)
    at_two = cost(desk, reverse("admin:index"))

    fill_desk(10)
    at_twelve = cost(desk, reverse("admin:index"))

    # session, user, queue lengths, seven queues, tiles, any contact; for the line about the mirror
    # the newest check, open failures, the worker's last job; for the figures the sums of what
    # stands, of the opening, movements, churn, cohorts, cash, what was recovered, who leaves next,
    # renewals, yearly renewals of two months, and the last comparison with Stripe
    assert (len(at_two), len(at_twelve)) == (27, 27), "\n".join(at_twelve)


def test_no_list_is_heavier_than_300_kilobytes(desk: Client) -> None:
    for _ in range(31):
        enquiry_record()

    answer = desk.get(reverse("admin:crm_enquiryrecord_changelist"))

    assert len(answer.content) < 300_000


def test_the_form_for_an_interaction_does_not_list_all_contacts(desk: Client) -> None:
    for _ in range(12):
        contact()

    answer = desk.get(reverse("admin:crm_interaction_add"))

    assert Contact.objects.count() == 12
    assert answer.content.decode().count("<option") < 20
