"""Every way to write leaves in the activity log who did it, from where, and from what to what."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string
from django_q.models import Schedule
from djstripe.models import Account

from accounts.actor import acting_as
from accounts.admin_columns import admin_url
from accounts.tests.factories import OwnerFactory, UserFactory
from billing import djstripe_account, gateway
from billing.tests.deliveries import deliver, make_event
from billing.tests.factories import MembershipFactory
from billing.tests.stripe_objects import make_invoice, make_subscription
from crm.models import ActivityLog, Cause, Entity
from crm.tests.factories import SyncFailureFactory, contact, property_record
from crm_project.worker import install_schedules
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db

ALICE, BOB = "alice@example.com", "bob@example.com"


def as_alice(client: Client) -> Any:
    owner = OwnerFactory(user__email=ALICE, phone="01632 960001")
    client.force_login(owner.user)
    return owner


def as_bob(client: Client) -> None:
    client.force_login(UserFactory(staff=True, email=BOB))


# --- The writers ----------------------------------------------------------------------------------


def admin_save_of_a_source(client: Client) -> None:
    owner = OwnerFactory(phone="01632 960001")
    as_bob(client)
    client.post(admin_url(owner), {"phone": "01632 960009", "country": "Wales"})


def admin_save_of_staffs_own_columns(client: Client) -> None:
    record = property_record(notes="Old roof")
    as_bob(client)
    client.post(admin_url(record), {"notes": "New roof", "tags": "", "assigned_to": ""})


def admin_step(client: Client) -> None:
    record = pending_house().crm_record
    as_bob(client)
    step = reverse("admin:crm_propertyrecord_step", args=[record.pk, "approve"])
    client.post(step, {"confirm": "yes"})


def bulk_action(client: Client) -> None:
    ticked = [str(pending_house().crm_record.pk) for _ in range(2)]
    as_bob(client)
    chosen = {"action": "approve", "_selected_action": ticked}
    client.post(reverse("admin:crm_propertyrecord_changelist"), chosen)


def owners_form(client: Client) -> None:
    as_alice(client)
    typed = {"first_name": "Alice", "last_name": "Ashdown", "country": "Wales"}
    client.post(reverse("profile"), typed | {"phone": "01632 960009"})


def owners_button(client: Client) -> None:
    enquiry = EnquiryFactory(property__owner=as_alice(client))
    client.post(reverse("owner_enquiry", args=[enquiry.pk]), {"step": "contacted"})


def guests_form(client: Client) -> None:
    typed = {"guest_name": "Gus Guest", "guest_email": "gus@example.com", "group_size": "16"}
    house = PropertyFactory(live=True, sleeps_min=8, sleeps_max=24)
    client.post(house.get_absolute_url(), typed | {"message": "Is it free?"})


def sign_up(client: Client) -> None:
    password = {"password1": "plum-orchard-42", "password2": "plum-orchard-42"}
    typed = {"first_name": "Alice", "last_name": "Ashdown", "email": ALICE, "phone": "01632 960001"}
    client.post(reverse("account_signup"), typed | password)


def webhook(client: Client) -> None:
    MembershipFactory(stripe_subscription_id="sub_1", stripe_customer_id="cus_1", status="active")
    invoice = {"object": "x", "parent": {"subscription_details": {"subscription": "sub_1"}}}
    deliver(client, make_event(type="invoice.payment_failed", data={"object": invoice}))


def command(client: Client) -> None:
    drifted_house()
    call_command("crm_backfill", "properties", verbosity=0)


def worker(client: Client) -> None:
    key = f"properties:{drifted_house().pk}"
    SyncFailureFactory(source_key=key, next_retry_at=timezone.now())
    run_as_the_worker_does("crm_retry")


def repair(client: Client) -> None:
    drifted_house()
    call_command("crm_check", "--repair", verbosity=0)


def repair_by_the_worker(client: Client) -> None:
    drifted_house()
    run_as_the_worker_does("crm_check --repair")


def shell(client: Client) -> None:
    house = PropertyFactory(bedrooms=4)
    house.bedrooms = 5
    house.save()


def pending_house() -> Property:
    house = PropertyFactory(pending=True)
    MembershipFactory(owner=house.owner, property=house)
    return house


def drifted_house() -> Property:
    """One whose change no signal told of."""
    house = PropertyFactory(bedrooms=4)
    Property.objects.filter(pk=house.pk).update(bedrooms=5)
    return house


def run_as_the_worker_does(name: str) -> None:
    install_schedules()
    schedule = Schedule.objects.get(name=name)
    import_string(schedule.func)(*ast.literal_eval(schedule.args))


# --- What each leaves -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Left:
    write: Callable[[Client], None]
    actor: str
    origin: str
    entity: Entity
    column: str
    before: object
    after: object
    entries: int = 1


PHONES = ("phone", "01632 960001", "01632 960009")
BEDROOMS = ("bedrooms", 4, 5)
APPROVED = ("listing_status", "pending_approval", "live")
LEFT = [
    Left(admin_save_of_a_source, BOB, "admin", Entity.CONTACTS, *PHONES),
    Left(
        admin_save_of_staffs_own_columns,
        BOB,
        "admin",
        Entity.PROPERTIES,
        "notes",
        "Old roof",
        "New roof",
    ),
    Left(admin_step, BOB, "admin", Entity.PROPERTIES, *APPROVED),
    Left(bulk_action, BOB, "admin", Entity.PROPERTIES, *APPROVED, entries=2),
    Left(owners_form, ALICE, "site", Entity.CONTACTS, *PHONES),
    Left(owners_button, ALICE, "site", Entity.ENQUIRIES, "status", "new", "contacted"),
    Left(guests_form, "visitor", "site", Entity.ENQUIRIES, "guest_name", None, "Gus Guest"),
    Left(sign_up, "visitor", "site", Entity.CONTACTS, "email", None, ALICE),
    Left(webhook, "stripe", "webhook", Entity.MEMBERSHIPS, "status", "active", "past_due"),
    Left(command, "system:crm_backfill", "command", Entity.PROPERTIES, *BEDROOMS),
    Left(worker, "system:crm_retry", "worker", Entity.PROPERTIES, *BEDROOMS),
    Left(repair, "system:crm_check", "repair", Entity.PROPERTIES, *BEDROOMS),
    Left(repair_by_the_worker, "system:crm_check", "repair", Entity.PROPERTIES, *BEDROOMS),
    Left(shell, "system:shell", "shell", Entity.PROPERTIES, *BEDROOMS),
]


@pytest.fixture(autouse=True)
def stripe_says_that_a_payment_failed(monkeypatch, settings) -> None:
    place = (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_HOST)
    account = Account.objects.create(id="acct_1").id
    monkeypatch.setitem(djstripe_account._account_ids, place, account)
    failed = make_subscription(status="past_due")
    monkeypatch.setattr(gateway, "fetch_subscription", lambda key: failed)
    monkeypatch.setattr(gateway, "fetch_invoices", lambda key: [make_invoice(paid=None)])


@pytest.mark.parametrize("left", LEFT, ids=lambda left: left.write.__name__)
def test_a_writer_leaves_who_did_it_from_where_and_from_what_to_what(
    client: Client, left: Left
) -> None:
    left.write(client)

    entries = ActivityLog.objects.filter(entity_type=left.entity, actor=left.actor)
    change = [left.before, left.after]
    found = [entry.origin for entry in entries if entry.changes.get(left.column) == change]
    assert found == [left.origin] * left.entries


def test_who_deletes_a_source_leaves_that_and_the_moment() -> None:
    house = PropertyFactory()

    with acting_as(ALICE, "site"):
        house.delete()

    entry = ActivityLog.objects.get(activity_type="deleted")
    before, after = entry.changes["source_deleted_at"]
    assert (entry.actor, entry.origin, before) == (ALICE, "site", None)
    assert parse_datetime(after) == entry.created_at


@pytest.mark.parametrize("write", [repair, repair_by_the_worker])
def test_a_repair_also_leaves_why_the_record_had_drifted(client: Client, write: Any) -> None:
    write(client)

    assert ActivityLog.objects.latest("pk").cause in Cause.values


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_writes_nothing(client: Client, method: str) -> None:
    record = contact()
    as_bob(client)
    written = ActivityLog.objects.count()

    answer = getattr(client, method)(f"/api/v1/contacts/{record.pk}/", {"phone": "1"})

    assert (answer.status_code, ActivityLog.objects.count()) == (405, written)


class TestStaffsOwnColumns:
    """The mirror knows nothing of these, so no sync tells of them."""

    @pytest.mark.parametrize(
        ("typed", "before", "after"),
        [
            ({"notes": "Called"}, "", "Called"),
            ({"tags": "Gold, vip"}, [], ["gold", "vip"]),
            ({"do_not_contact": "on"}, False, True),
        ],
    )
    def test_are_logged_from_what_to_what(
        self, client: Client, typed: dict[str, str], before: object, after: object
    ) -> None:
        record = contact()
        as_bob(client)

        edit(client, record, typed)

        (column,) = typed
        assert ActivityLog.objects.latest("pk").changes == {column: [before, after]}

    def test_an_assignee_is_logged_by_key(self, client: Client) -> None:
        carol, record = UserFactory(is_staff=True), contact()
        as_bob(client)

        edit(client, record, {"assigned_to": carol.pk})

        assert ActivityLog.objects.latest("pk").changes == {"assigned_to": [None, carol.pk]}

    def test_that_stay_as_they_are_leave_no_entry(self, client: Client) -> None:
        record = contact(notes="Called")
        as_bob(client)
        written = ActivityLog.objects.count()

        edit(client, record, {"notes": "Called"})

        assert ActivityLog.objects.count() == written


def edit(client: Client, record: Any, typed: dict[str, Any]) -> None:
    empty = {
        "assigned_to": "",
        "tags": "",
        "notes": "",
        "interactions-TOTAL_FORMS": "0",
        "interactions-INITIAL_FORMS": "0",
        "_save": "yes",
    }
    assert client.post(admin_url(record), empty | typed).status_code == 302


class TestAnEntryOutlives:
    def test_the_house_it_is_about(self, client: Client) -> None:
        house = PropertyFactory()
        entry = ActivityLog.objects.get(entity_id=house.crm_record.pk)
        as_bob(client)

        house.delete()

        assert client.get(admin_url(entry)).status_code == 200

    def test_the_record_it_is_about(self, client: Client) -> None:
        record = property_record(title="Larkfield Hall")
        entry = ActivityLog.objects.get(entity_id=record.pk)
        as_bob(client)

        record.delete()

        page = client.get(admin_url(entry)).content.decode()
        assert "Larkfield Hall" in page
        assert "No longer there" in page
