"""An entry of the activity log: readable to people, and nobody's to change."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import UserFactory
from crm.models import ActivityLog
from crm.tests.admin.test_queries import cost
from crm.tests.factories import ActivityFactory, contact, property_record


def page(desk: Client, changes: Any, **fields: Any) -> str:
    entry = ActivityFactory(changes=changes, **fields)
    return " ".join(desk.get(admin_url(entry)).content.decode().split())


class TestBeforeAndAfter:
    def test_name_contacts_houses_and_people_with_links(self, desk: Client) -> None:
        old, new = contact(user__first_name="Olive"), contact(user__first_name="Piers")
        bob = UserFactory(email="carol@example.com", first_name="Carol")
        changes = {"owner": [str(old.pk), str(new.pk)], "assigned_to": [None, bob.pk]}

        shown = page(desk, changes, entity_type="properties")

        for row in (old, new, bob):
            assert f'href="{admin_url(row)}" dir="auto">{row}</a>' in shown

    def test_say_what_is_no_longer_there(self, desk: Client) -> None:
        shown = page(desk, {"owner": [str(uuid4()), None]}, entity_type="properties")

        assert "no longer there" in shown

    def test_cost_the_same_for_one_name_and_for_many(self, desk: Client) -> None:
        one, other = contact(), contact()
        few = ActivityFactory(entity_type="enquiries", changes={"owner": [str(one.pk), None]})
        many = ActivityFactory(
            entity_type="enquiries",
            changes={name: [str(one.pk), str(other.pk)] for name in ("owner", "contact")},
        )

        # session, user, entry, record, names, queue lengths
        assert len(cost(desk, admin_url(few))) == len(cost(desk, admin_url(many))) == 6

    def test_mark_what_differs_in_a_text(self, desk: Client) -> None:
        shown = page(desk, {"city": ["Bathwick, Somerset", "Bathford, Somerset"]})

        assert "<mark>ford</mark>" in shown

    def test_show_the_whole_of_a_long_text_on_request(self, desk: Client) -> None:
        text = "A courtyard. " * 500

        assert text.strip() in page(desk, {"description": ["", text]}, entity_type="properties")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"notes": ["", "Called"]}, "empty"),
            ({"tags": [["vip"], ["vip", "gold"]]}, "vip, gold"),
            ({"do_not_contact": [False, True]}, "Yes"),
            ({"signup_date": [None, "2026-07-01T23:30:00Z"]}, "2 Jul 2026, 00:30"),
            ({"withdrawn_column": [1, 2]}, "Withdrawn column"),
            ({"withdrawn_column": "alone"}, "alone"),
            ({"absorbed": [{"email": "gus@example.com", "tags": ["vip"]}, None]}, "tags: vip"),
            ({"user": [None, "junk"]}, "no longer there"),
            (["no", "object"], "Before and after"),
            ({}, "Before and after"),
        ],
    )
    def test_are_in_words_whatever_stands_there(
        self, desk: Client, changes: Any, words: str
    ) -> None:
        assert words in page(desk, changes)

    def test_of_what_was_created_have_no_column_of_nothings(self, desk: Client) -> None:
        entry = ActivityLog.objects.get(entity_id=property_record(title="Larkfield Hall").pk)

        shown = desk.get(admin_url(entry)).content.decode()

        assert "Larkfield Hall" in shown
        assert ">Before</th>" not in shown


class TestLinks:
    def test_to_the_record_and_to_all_about_it(self, desk: Client) -> None:
        record = contact()
        entry = ActivityLog.objects.get(entity_id=record.pk)

        shown = desk.get(admin_url(entry)).content.decode()

        assert f'href="{admin_url(record)}"' in shown
        assert f"?record={record.pk}" in shown

    def test_to_all_by_the_same_writer(self, desk: Client) -> None:
        shown = page(desk, {}, actor="a+b@example.com")

        assert "?actor=a%2Bb%40example.com" in shown


class TestNobodyMay:
    """Superusers included: `desk` is Bob's, who is one."""

    @pytest.fixture
    def entry(self, db: None) -> ActivityLog:
        return ActivityFactory(title="True", description="")

    def address(self, view: str, *args: object) -> str:
        return reverse(f"admin:crm_activitylog_{view}", args=args)

    def unchanged(self, entry: ActivityLog) -> bool:
        return list(ActivityLog.objects.values()) == [
            ActivityLog.objects.filter(pk=entry.pk, title="True").values().get()
        ]

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    @pytest.mark.parametrize("view", ["change", "delete"])
    def test_change_or_delete_one(
        self, desk: Client, entry: ActivityLog, view: str, method: str
    ) -> None:
        getattr(desk, method)(self.address(view, entry.pk), {"title": "Forged", "post": "yes"})

        assert self.unchanged(entry)

    def test_add_one(self, desk: Client, entry: ActivityLog) -> None:
        answer = desk.post(self.address("add"), {"title": "Forged", "actor": "alice"})

        assert answer.status_code == 403
        assert self.unchanged(entry)

    def test_delete_several_from_the_list(self, desk: Client, entry: ActivityLog) -> None:
        chosen = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}

        desk.post(self.address("changelist"), chosen)

        assert self.unchanged(entry)

    def test_edit_one_in_the_list(self, desk: Client, entry: ActivityLog) -> None:
        forms = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": entry.pk}

        desk.post(self.address("changelist"), {**forms, "form-0-title": "Forged", "_save": "Save"})

        assert self.unchanged(entry)

    def test_change_one_through_its_history(self, desk: Client, entry: ActivityLog) -> None:
        desk.post(self.address("history", entry.pk), {"title": "Forged"})

        assert self.unchanged(entry)

    def test_find_a_button_for_it(self, desk: Client, entry: ActivityLog) -> None:
        pages = [desk.get(self.address("change", entry.pk)), desk.get(self.address("changelist"))]

        shown = "".join(answer.content.decode() for answer in pages)
        assert 'name="_save"' not in shown
        assert self.address("delete", entry.pk) not in shown
        assert "delete_selected" not in shown

    def test_read_it_without_the_permission(self, client: Client, entry: ActivityLog) -> None:
        client.force_login(UserFactory(is_staff=True))

        answers: list[HttpResponse] = [
            client.get(self.address("changelist")),
            client.get(self.address("change", entry.pk)),
        ]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_change_it_with_every_permission_there_is(
        self, client: Client, dora: User, entry: ActivityLog
    ) -> None:
        dora.user_permissions.set(Permission.objects.all())
        client.force_login(dora)

        client.post(self.address("change", entry.pk), {"title": "Forged"})

        assert self.unchanged(entry)


def test_owners_never_see_it(client: Client, alice: User) -> None:
    client.force_login(alice)

    answer = client.get(reverse("admin:crm_activitylog_changelist"), follow=True)

    assert answer.status_code == 403
