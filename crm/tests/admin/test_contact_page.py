"""A contact's page: the whole story, and a place to add to it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import OwnerFactory
from billing.tests.factories import MembershipFactory, PaymentFactory
from crm.admin.story import SHOWN
from crm.models import Contact, Interaction
from crm.tests.factories import InteractionFactory, contact, enquiry_record, property_record
from listings.tests.factories import EnquiryFactory, PropertyFactory


def form(record: Contact, **changes: Any) -> dict[str, Any]:
    """What the page sends when nothing was typed, and then `changes`."""
    empty = {
        "assigned_to": "",
        "tags": ", ".join(record.tags),
        "notes": record.notes,
        "interactions-TOTAL_FORMS": "1",
        "interactions-INITIAL_FORMS": "0",
        "interactions-0-type": "note",
        "interactions-0-direction": "internal",
        "_save": "yes",
    }
    return empty | changes


def interaction(**fields: str) -> dict[str, str]:
    return {f"interactions-0-{name}": value for name, value in fields.items()}


def chapters(answer: HttpResponse) -> dict[str, Any]:
    return answer.context["chapters"]


class TestTheStory:
    def test_tells_of_houses_memberships_payments_and_enquiries(self, desk: Client) -> None:
        owner = OwnerFactory()
        house = PropertyFactory(owner=owner, live=True)
        PaymentFactory(membership=MembershipFactory(owner=owner, property=house))
        EnquiryFactory(property=house)

        told = chapters(desk.get(admin_url(owner.user.crm_record)))

        names = ["properties", "memberships", "payments", "enquiries"]
        assert [told[name].count for name in names] == [1, 1, 1, 1]

    def test_tells_a_guest_of_the_enquiries_it_made(self, desk: Client) -> None:
        record = enquiry_record(property__title="Larkfield Hall")

        page = desk.get(admin_url(record.contact)).content.decode()

        assert "Made: Larkfield Hall" in page

    def test_puts_the_newest_first(self, desk: Client) -> None:
        record = contact()
        for subject in ("First", "Second", "Third"):
            InteractionFactory(contact=record, subject=subject)

        told = chapters(desk.get(admin_url(record)))["interactions"]

        assert [row.subject for row in told.rows] == ["Third", "Second", "First"]

    def test_is_the_contacts_own_and_nobody_elses(self, desk: Client) -> None:
        record = contact()
        InteractionFactory(subject="Somebody else's")
        property_record(live=True)

        told = chapters(desk.get(admin_url(record)))

        assert (told["interactions"].count, told["properties"].count) == (0, 0)

    def test_shows_no_payments_of_erased_owners_to_a_guest(self, desk: Client) -> None:
        PaymentFactory(owner=None)

        told = chapters(desk.get(admin_url(enquiry_record().contact)))

        assert told["payments"].count == 0

    @pytest.mark.parametrize("name", ["interactions", "enquiries", "activity"])
    def test_cuts_long_chapters_and_links_to_exactly_the_rest(
        self, desk: Client, name: str
    ) -> None:
        house = PropertyFactory(live=True)
        record = house.owner.user.crm_record
        for _ in range(SHOWN + 2):
            EnquiryFactory(property=house)
            InteractionFactory(contact=record)
        InteractionFactory()

        chapter = chapters(desk.get(admin_url(record)))[name]

        assert (len(chapter.rows), chapter.is_cut) == (SHOWN, True)
        assert chapter.count == desk.get(chapter.all_url).context["cl"].result_count

    def test_leaves_out_what_the_reader_may_not_see(self, client: Client, dora: User) -> None:
        client.force_login(dora)

        told = chapters(client.get(admin_url(contact())))

        assert "payments" not in told
        assert "properties" in told

    def test_warns_where_no_contact_is_wanted(self, desk: Client) -> None:
        record = contact(do_not_contact=True)

        page = desk.get(admin_url(record)).content.decode()

        assert 'data-tone="bad">Do not contact' in page


class TestAddingAnInteraction:
    def test_in_place(self, desk: Client) -> None:
        record = contact()
        typed = interaction(type="phone", direction="outbound", subject="Photos", content="Soon.")

        answer = desk.post(admin_url(record), form(record, **typed))

        made = Interaction.objects.get()
        assert answer.url == admin_url(record)
        assert (made.contact, made.subject, made.initiated_by) == (record, "Photos", "admin")

    def test_that_came_from_the_contact(self, desk: Client) -> None:
        record = contact()

        desk.post(admin_url(record), form(record, **interaction(direction="inbound", content="x")))

        assert Interaction.objects.get().initiated_by == "contact"

    def test_without_words_is_refused_and_what_was_typed_is_kept(self, desk: Client) -> None:
        record = contact()
        typed = interaction(type="phone") | {"notes": "Prefers the evening."}

        page = desk.post(admin_url(record), form(record, **typed)).content.decode()

        assert "Write a subject or say what happened." in page
        assert "Prefers the evening." in page
        assert not Interaction.objects.exists()

    def test_about_its_own_house(self, desk: Client) -> None:
        house = property_record()
        typed = interaction(subject="Photos", related_property=str(house.pk))

        desk.post(admin_url(house.owner), form(house.owner, **typed))

        assert Interaction.objects.get().related_property == house

    def test_about_somebody_elses_house_is_refused(self, desk: Client) -> None:
        record, house = contact(), property_record()
        typed = interaction(subject="Photos", related_property=str(house.pk))

        answer = desk.post(admin_url(record), form(record, **typed))

        assert answer.status_code == 200
        assert not Interaction.objects.exists()

    def test_about_somebody_elses_enquiry_is_refused_on_the_general_form_too(
        self, desk: Client
    ) -> None:
        typed = {"type": "note", "direction": "internal", "subject": "Photos"}
        related = {"contact": contact().pk, "related_enquiry": enquiry_record().pk}

        answer = desk.post(reverse("admin:crm_interaction_add"), typed | related)

        assert "nothing to do with the contact" in answer.content.decode()

    def test_nothing_is_added_when_nothing_was_typed(self, desk: Client) -> None:
        record = contact()

        desk.post(admin_url(record), form(record, notes="Only a note."))

        assert not Interaction.objects.exists()

    def test_needs_the_permission_to_add(self, client: Client, dora: User) -> None:
        dora.user_permissions.add(Permission.objects.get(codename="change_contact"))
        client.force_login(dora)
        record = contact()

        client.post(admin_url(record), form(record, **interaction(subject="Photos")))

        assert not Interaction.objects.exists()


def test_a_town_in_the_list_does_not_stand_under_company_alone(desk: Client) -> None:
    contact(company="", city="Bath")

    page = desk.get(reverse("admin:crm_contact_changelist")).content.decode()

    assert "Company or town" in page
