"""Approve, reject, and what becomes of an enquiry: staff decide, the source changes."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from accounts.admin_columns import admin_url
from accounts.models import User
from billing.tests.factories import MembershipFactory
from crm.models import ActivityLog, EnquiryRecord, PropertyRecord
from crm.tests.factories import enquiry_record, property_record
from listings.choices import EnquiryStatus, ListingStatus
from listings.intake import HONEYPOT
from listings.models import Enquiry, Property
from listings.tests.factories import PropertyFactory

LISTINGS = "admin:crm_propertyrecord_changelist"
ENQUIRIES = "admin:crm_enquiryrecord_changelist"


def pending(**fields: object) -> PropertyRecord:
    """A listing that is paid for and waits."""
    house = PropertyFactory(pending=True, **fields)
    MembershipFactory(owner=house.owner, property=house)
    return house.crm_record


def step(record: PropertyRecord | EnquiryRecord, name: str) -> str:
    model = record._meta.model_name
    return reverse(f"admin:crm_{model}_step", args=[record.pk, name])


def tick(desk: Client, address: str, action: str, records: list, **data: object) -> HttpResponse:
    chosen = {"action": action, "_selected_action": [str(record.pk) for record in records]}
    return desk.post(reverse(address), chosen | data)


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def status(record: PropertyRecord | EnquiryRecord) -> str:
    source = record.property if isinstance(record, PropertyRecord) else record.enquiry
    source.refresh_from_db()
    return source.status


class TestApprovingFromTheList:
    def test_publishes_every_house_that_is_ticked(self, desk: Client) -> None:
        records = [pending(), pending()]

        answer = tick(desk, LISTINGS, "approve", records)

        assert [status(record) for record in records] == [ListingStatus.LIVE] * 2
        assert said(answer) == ["2 properties approved."]

    def test_says_who_approved(self, desk: Client, bob: User) -> None:
        record = pending()

        tick(desk, LISTINGS, "approve", [record])

        assert Property.objects.get(pk=record.property_id).approved_by == bob.email

    def test_goes_on_after_a_house_that_nobody_paid_for(self, desk: Client) -> None:
        unpaid, paid = property_record(pending=True, title="Unpaid Hall"), pending()

        answer = tick(desk, LISTINGS, "approve", [unpaid, paid])

        assert [status(unpaid), status(paid)] == ["pending_approval", "live"]
        assert said(answer)[0] == "1 property approved."
        assert "Unpaid Hall has no current membership" in said(answer)[1]

    def test_explains_what_is_not_pending(self, desk: Client) -> None:
        house = PropertyFactory(live=True, title="Live Hall")
        MembershipFactory(owner=house.owner, property=house)

        answer = tick(desk, LISTINGS, "approve", [house.crm_record])

        assert said(answer) == [
            "“Live Hall”: Only a listing that is pending approval can be approved; "
            "this one is live."
        ]

    def test_explains_what_is_gone_from_the_site(self, desk: Client) -> None:
        record = property_record(pending=True, title="Gone Hall")
        record.property.delete()

        answer = tick(desk, LISTINGS, "approve", [record])

        assert said(answer) == ["“Gone Hall”: It no longer exists on the site."]


class TestRejectingFromTheList:
    def test_asks_for_the_reason_first(self, desk: Client) -> None:
        record = pending(title="Dark Hall")

        answer = tick(desk, LISTINGS, "reject", [record])

        assert "Dark Hall" in answer.content.decode()
        assert status(record) == ListingStatus.PENDING_APPROVAL

    def test_rejects_with_the_reason(self, desk: Client) -> None:
        record = pending()

        answer = tick(desk, LISTINGS, "reject", [record], reason="The photos are too dark.")

        assert status(record) == ListingStatus.REJECTED
        assert record.property.rejection_reason == "The photos are too dark."
        assert said(answer) == ["1 property rejected."]

    @pytest.mark.parametrize("reason", ["", "   ", "\n\n"])
    def test_does_not_take_silence_for_a_reason(self, desk: Client, reason: str) -> None:
        record = pending()

        answer = tick(desk, LISTINGS, "reject", [record], reason=reason)

        assert "Say why." in answer.content.decode()
        assert status(record) == ListingStatus.PENDING_APPROVAL

    def test_keeps_what_was_typed_when_it_is_too_long(self, desk: Client) -> None:
        record = pending()

        answer = tick(desk, LISTINGS, "reject", [record], reason="Dark photos. " * 200)

        assert "Dark photos. Dark photos." in answer.content.decode()
        assert status(record) == ListingStatus.PENDING_APPROVAL


class TestOnTheHousesOwnPage:
    def test_approves_with_one_press(self, desk: Client) -> None:
        record = pending()

        answer = desk.post(step(record, "approve"), {"confirm": "yes"})

        assert answer.url == admin_url(record)
        assert status(record) == ListingStatus.LIVE

    def test_rejects_with_a_reason_and_goes_back_to_where_it_was_asked(self, desk: Client) -> None:
        record = pending()

        answer = desk.post(step(record, "reject"), {"reason": "Too dark.", "next": "/admin/"})

        assert answer.url == "/admin/"
        assert status(record) == ListingStatus.REJECTED

    def test_does_not_send_people_to_other_sites(self, desk: Client) -> None:
        record = pending()

        answer = desk.post(step(record, "approve"), {"confirm": "y", "next": "//evil.example"})

        assert answer.url == admin_url(record)

    @pytest.mark.parametrize("name", ["approve", "reject"])
    def test_opening_the_page_decides_nothing(self, desk: Client, name: str) -> None:
        record = pending()

        answer = desk.get(step(record, name), {"confirm": "yes", "reason": "Too dark."})

        assert answer.status_code == 200
        assert status(record) == ListingStatus.PENDING_APPROVAL

    def test_offers_only_what_the_status_allows(self, desk: Client) -> None:
        record = property_record(live=True)

        page = desk.get(admin_url(record)).content.decode()

        assert step(record, "approve") not in page

    def test_an_unknown_step_is_not_found(self, desk: Client) -> None:
        assert desk.post(step(pending(), "burn"), {"confirm": "yes"}).status_code == 404


class TestTheRightToDecide:
    def test_staff_who_only_look_cannot_approve_on_the_page(
        self, client: Client, dora: User
    ) -> None:
        client.force_login(dora)
        record = pending()

        answer = client.post(step(record, "approve"), {"confirm": "yes"})

        assert answer.status_code == 403
        assert status(record) == ListingStatus.PENDING_APPROVAL

    def test_staff_who_only_look_cannot_approve_from_the_list(
        self, client: Client, dora: User
    ) -> None:
        client.force_login(dora)
        record = pending()

        tick(client, LISTINGS, "approve", [record])

        assert status(record) == ListingStatus.PENDING_APPROVAL

    def test_staff_with_the_permission_can(self, client: Client, dora: User) -> None:
        dora.user_permissions.add(Permission.objects.get(codename="change_propertyrecord"))
        client.force_login(dora)
        record = pending()

        client.post(step(record, "approve"), {"confirm": "yes"})

        assert status(record) == ListingStatus.LIVE

    def test_the_owner_cannot(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        record = pending(owner=alice.owner)

        client.post(step(record, "approve"), {"confirm": "yes"})

        assert status(record) == ListingStatus.PENDING_APPROVAL


class TestEnquiries:
    @pytest.mark.parametrize(
        ("name", "becomes"),
        [
            ("contacted", EnquiryStatus.CONTACTED),
            ("converted", EnquiryStatus.CONVERTED),
            ("spam", EnquiryStatus.SPAM),
        ],
    )
    def test_are_marked_from_the_list(self, desk: Client, name: str, becomes: str) -> None:
        records = [enquiry_record(), enquiry_record()]

        tick(desk, ENQUIRIES, name, records)

        assert [status(record) for record in records] == [becomes] * 2

    def test_are_lost_with_a_reason(self, desk: Client) -> None:
        record = enquiry_record()

        desk.post(step(record, "lost"), {"reason": "Booked elsewhere."})

        assert status(record) == EnquiryStatus.LOST
        assert record.enquiry.lost_reason == "Booked elsewhere."

    def test_are_not_lost_without_one(self, desk: Client) -> None:
        record = enquiry_record()

        answer = desk.post(step(record, "lost"), {"reason": ""})

        assert "Say why." in answer.content.decode()
        assert status(record) == EnquiryStatus.NEW

    def test_are_released_from_spam(self, desk: Client) -> None:
        record = enquiry_record(status=EnquiryStatus.SPAM)

        desk.post(step(record, "release"), {"confirm": "yes"})

        assert status(record) == EnquiryStatus.NEW

    def test_one_that_cannot_be_marked_stops_none_of_the_others(self, desk: Client) -> None:
        spam, new = enquiry_record(status=EnquiryStatus.SPAM), enquiry_record()

        answer = tick(desk, ENQUIRIES, "contacted", [spam, new])

        assert status(new) == EnquiryStatus.CONTACTED
        assert len(said(answer)) == 2

    def test_the_first_answer_sets_the_response_time(self, desk: Client) -> None:
        record = enquiry_record()

        desk.post(step(record, "contacted"), {"confirm": "yes"})

        record.enquiry.refresh_from_db()
        assert record.enquiry.first_response_at is not None


class TestHeldBackEnquiries:
    def test_are_released_from_the_list(self, desk: Client) -> None:
        records = [held_back(), held_back()]

        answer = tick(desk, ENQUIRIES, "to-owner", records)

        assert not Enquiry.objects.exclude(quarantine_reason="").exists()
        assert said(answer) == ["2 enquiries released to the owner."]

    def test_are_released_on_their_own_page(self, desk: Client) -> None:
        record = held_back()

        answer = desk.post(step(record, "to-owner"), {"confirm": "yes"})

        record.enquiry.refresh_from_db()
        assert answer.url == admin_url(record)
        assert record.enquiry.quarantine_reason == ""

    def test_the_owner_is_told(self, desk: Client) -> None:
        record = held_back()

        desk.post(step(record, "to-owner"), {"confirm": "yes"})

        assert Email.objects.get().to == [record.owner.email]

    def test_the_log_says_who_released_it_and_why_it_was_held_back(
        self, desk: Client, bob: User
    ) -> None:
        record = held_back()

        desk.post(step(record, "to-owner"), {"confirm": "yes"})

        entry = ActivityLog.objects.filter(entity_id=record.pk).first()
        assert (entry.actor, entry.description) == (
            bob.email,
            "It was held back: honeypot filled in.",
        )

    def test_the_step_is_offered_where_one_is_held_back(self, desk: Client) -> None:
        held, spam = held_back(), held_back(status=EnquiryStatus.SPAM)

        offered = [
            step(record, "to-owner") in desk.get(admin_url(record)).content.decode()
            for record in (held, enquiry_record(), spam)
        ]

        assert offered == [True, False, False]

    def test_one_that_is_not_held_back_stops_none_of_the_others(self, desk: Client) -> None:
        normal, held = enquiry_record(guest_name="Norma"), held_back()

        answer = tick(desk, ENQUIRIES, "to-owner", [normal, held])

        assert said(answer) == [
            "1 enquiry released to the owner.",
            f"“{normal}”: Only an enquiry that is held back can be released to its owner; "
            "this one is not.",
        ]

    def test_staff_who_only_look_cannot_release(self, client: Client, dora: User) -> None:
        client.force_login(dora)
        record = held_back()

        client.post(step(record, "to-owner"), {"confirm": "yes"})
        tick(client, ENQUIRIES, "to-owner", [record])

        assert Enquiry.objects.get().quarantine_reason == HONEYPOT


def held_back(**fields: object) -> EnquiryRecord:
    return enquiry_record(quarantine_reason=HONEYPOT, **fields)
