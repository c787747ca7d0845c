"""A contact goes for good only when nothing on the site stands behind it."""

from typing import Any

from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import OwnerFactory
from billing.models import Payment
from billing.tests.factories import MembershipFactory, PaymentFactory
from crm.models import ActivityLog, Contact, Entity, Interaction, PropertyRecord
from crm.proof.check import compare
from crm.tests.admin.test_queries import cost
from crm.tests.factories import InteractionFactory, contact, enquiry_record
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

LIST = "admin:crm_contact_changelist"


def left_owner() -> Contact:
    """An owner who has left the site: a house and two talks are still on record."""
    house = PropertyFactory(title="Larkfield Hall", owner__user__first_name="Olive")
    record = house.owner.user.crm_record
    for _ in range(2):
        InteractionFactory(contact=record)
    PropertyRecord.objects.filter(owner=record).update(notes="New roof")
    owner = house.owner
    house.delete()
    owner.user.delete()
    record.refresh_from_db()
    return record


def by_hand(**fields: Any) -> Contact:
    return Contact.objects.create(email="typed@example.com", **fields)


def page(record: Contact) -> str:
    return reverse("admin:crm_contact_delete", args=[record.pk])


def confirm(desk: Client, record: Contact) -> HttpResponse:
    return desk.post(page(record), {"post": "yes"})


def tick(desk: Client, *records: Contact, **data: str) -> HttpResponse:
    ticked = [str(record.pk) for record in records]
    return desk.post(
        reverse(LIST), {"action": "delete_selected", "_selected_action": ticked, **data}
    )


def exists(record: Contact) -> bool:
    return Contact.objects.filter(pk=record.pk).exists()


class TestStays:
    def test_an_owner_with_the_reason_and_the_way_to_the_account(self, desk: Client) -> None:
        owner = OwnerFactory(user__first_name="Olive", user__last_name="Ash")

        shown = desk.get(page(owner.user.crm_record)).content.decode()

        assert "Olive Ash is an owner on the site" in shown
        assert f'href="{admin_url(owner)}"' in shown

    def test_a_guest_with_the_number_of_enquiries(self, desk: Client) -> None:
        guest = enquiry_record(guest_name="Gus Guest", guest_email="gus@example.com").contact
        EnquiryFactory(guest_email="gus@example.com")

        shown = desk.get(page(guest)).content.decode()

        assert "2 enquiries" in shown

    def test_what_the_mirror_has_not_let_go_of_yet(self, desk: Client) -> None:
        record, house = by_hand(), PropertyFactory()
        PropertyRecord.objects.filter(property=house).update(owner=record)

        confirm(desk, record)

        assert exists(record)

    def test_even_when_the_deletion_is_posted(self, desk: Client) -> None:
        record = contact()

        confirm(desk, record)

        assert exists(record)

    def test_when_it_is_ticked_among_others_and_nothing_goes(self, desk: Client) -> None:
        standing, free = contact(user__first_name="Olive"), by_hand()

        answer = tick(desk, standing, free, post="yes")

        assert "Olive" in answer.content.decode()
        assert exists(standing)
        assert exists(free)

    def test_a_tombstone_whose_owner_is_back(self, desk: Client) -> None:
        record = contact()
        Contact.objects.filter(pk=record.pk).update(
            source_deleted_at="2026-01-01T00:00Z", user=None
        )

        confirm(desk, record)

        assert exists(record)


class TestGoes:
    def test_who_has_left_the_site(self, desk: Client) -> None:
        record = left_owner()

        confirm(desk, record)

        assert not exists(record)
        assert not PropertyRecord.objects.exists()
        assert not Interaction.objects.exists()

    def test_who_was_typed_by_hand(self, desk: Client) -> None:
        record = by_hand()

        confirm(desk, record)

        assert not exists(record)

    def test_several_at_once(self, desk: Client) -> None:
        records = [left_owner(), by_hand()]

        tick(desk, *records, post="yes")

        assert not Contact.objects.exists()

    def test_after_a_confirmation_that_counts(self, desk: Client) -> None:
        shown = desk.get(page(left_owner())).content.decode()

        for counted in ("Contacts: 1", "Properties: 1", "Interactions: 2", "Payments stay"):
            assert counted in shown

    def test_after_a_confirmation_that_counts_for_all_that_are_ticked(self, desk: Client) -> None:
        shown = tick(desk, left_owner(), by_hand()).content.decode()

        assert "Contacts: 2" in shown
        assert Contact.objects.count() == 2

    def test_without_money_or_anything_on_the_site(self, desk: Client) -> None:
        PaymentFactory()
        EnquiryFactory()
        before = [model.objects.count() for model in (Payment, Property, Enquiry)]

        confirm(desk, by_hand())

        assert [model.objects.count() for model in (Payment, Property, Enquiry)] == before

    def test_and_the_mirror_agrees_afterwards(self, desk: Client) -> None:
        MembershipFactory()

        confirm(desk, left_owner())

        assert not any(compare(entity).differences for entity in Entity)

    def test_after_a_confirmation_that_costs_the_same_for_few_records_and_for_many(
        self, desk: Client
    ) -> None:
        record = left_owner()
        at_two = cost(desk, page(record))
        for _ in range(10):
            InteractionFactory(contact=record)

        at_twelve = cost(desk, page(record))

        # session, user, contact, owner, enquiries; standing records and going ones of three kinds
        # each, interactions; queue lengths
        assert (len(at_two), len(at_twelve)) == (13, 13), "\n".join(at_twelve)


class TestTheLogKeeps:
    def test_who_did_it_and_how_much_went(self, desk: Client, bob: User) -> None:
        record = left_owner()

        confirm(desk, record)

        entry = ActivityLog.objects.filter(entity_id=record.pk).latest("pk")
        assert (entry.activity_type, entry.actor, entry.origin) == ("deleted", bob.email, "admin")
        assert entry.description == "With it went 1 property, 2 interactions."

    def test_what_the_contact_said(self, desk: Client) -> None:
        record = by_hand(first_name="Olive", notes="Prefers the evening", tags=["vip"])

        confirm(desk, record)

        changes = ActivityLog.objects.get(entity_id=record.pk).changes
        assert changes["email"] == ["typed@example.com", None]
        assert changes["notes"] == ["Prefers the evening", None]
        assert changes["tags"] == [["vip"], None]

    def test_what_each_record_said(self, desk: Client) -> None:
        record = left_owner()

        confirm(desk, record)

        entry = ActivityLog.objects.filter(entity_type="properties").latest("pk")
        assert entry.title == "Property deleted with its contact: Larkfield Hall"
        assert entry.changes["notes"] == ["New roof", None]

    def test_a_page_for_each_entry(self, desk: Client) -> None:
        record = left_owner()
        confirm(desk, record)
        entry = ActivityLog.objects.filter(entity_id=record.pk).latest("pk")

        shown = desk.get(admin_url(entry)).content.decode()

        assert "With it went 1 property, 2 interactions." in shown


def test_deleting_is_for_superusers_alone(client: Client, dora: User) -> None:
    dora.user_permissions.set(Permission.objects.filter(content_type__app_label="crm"))
    client.force_login(dora)
    record = by_hand()

    answers = [client.post(page(record), {"post": "yes"}), tick(client, record, post="yes")]

    assert answers[0].status_code == 403
    assert exists(record)
