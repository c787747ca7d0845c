"""The difference viewer: each difference field by field, and its repair."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from accounts.admin_columns import admin_url
from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory
from crm.admin import differences, repairs
from crm.mirror import MIRRORS
from crm.models import ActivityLog, Cause, Contact, PropertyRecord, SyncCheck, SyncFailure
from crm.proof.check import run_check
from crm.tests.factories import enquiry_record, property_record
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

VIEWER = "admin:crm_synccheck_differences"
REPAIR = "admin:crm_synccheck_repair"
SOURCES = "admin:crm_synccheck_sources"


def look(desk: Client, **asked: str) -> HttpResponse:
    return desk.get(reverse(VIEWER), asked)


def called(answer: HttpResponse) -> list[str]:
    return [row.difference.called for row in answer.context["rows"]]


def text(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def changed_house(title: str = "Hill House", **fields: object) -> PropertyRecord:
    record = property_record(title=title)
    Property.objects.filter(pk=record.property_id).update(**fields or {"bedrooms": 9})
    return record


def missing_house(title: str = "Mill House") -> Property:
    house = PropertyFactory(title=title)
    PropertyRecord.objects.filter(property=house).delete()
    return house


def orphaned_house(title: str = "Old House") -> PropertyRecord:
    record = property_record(title=title)
    Property.objects.filter(pk=record.property_id)._raw_delete("default")
    return record


class TestLooking:
    def test_says_so_when_nothing_differs(self, desk: Client) -> None:
        property_record()

        assert "Nothing differs" in text(look(desk))

    def test_shows_a_changed_field_on_both_sides(self, desk: Client) -> None:
        record = changed_house(weekend_price_pence=123_400)

        answer = look(desk)

        (column,) = answer.context["rows"][0].columns
        assert (column.label, column.after.part) == ("Weekend price", "£1,234")
        assert admin_url(record) in text(answer)

    def test_links_to_the_source(self, desk: Client) -> None:
        record = changed_house()
        owner = OwnerFactory()
        Owner.objects.filter(pk=owner.pk).update(phone="01632 960 999")

        page = text(look(desk))

        assert reverse("house", args=[record.property.slug]) in page
        assert admin_url(owner) in page

    def test_names_the_cause(self, desk: Client) -> None:
        changed_house()

        assert "cause: bulk write" in text(look(desk))

    def test_shows_what_a_missing_record_will_hold(self, desk: Client) -> None:
        missing_house()

        answer = look(desk)

        labels = [column.label for column in answer.context["rows"][0].columns]
        assert "Title" in labels
        assert "Rejection reason" not in labels  # it is empty
        assert f"{len(labels)} values would be written" in text(answer)

    def test_shows_what_becomes_of_an_orphan(self, desk: Client) -> None:
        orphaned_house()

        answer = look(desk)

        assert "Marked as deleted" in text(answer)
        assert "source: <span" in text(answer)

    def test_names_the_people_that_a_field_refers_to(self, desk: Client) -> None:
        record = property_record()
        stranger = OwnerFactory(user__first_name="Edna", user__last_name="Else").user.crm_record
        PropertyRecord.objects.filter(pk=record.pk).update(owner=stranger)

        (column,) = look(desk).context["rows"][0].columns

        assert (column.before.part, column.label) == ("Edna Else", "Owner")

    def test_shows_hostile_text_as_text(self, desk: Client) -> None:
        changed_house("<script>alert(1)</script>", description="<img src=x onerror=alert(1)>")

        page = text(look(desk))

        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


class TestNarrowing:
    @pytest.fixture(autouse=True)
    def drift(self, db: None) -> None:
        changed_house("Changed")
        missing_house("Missing")
        orphaned_house("Orphaned")
        enquiry = enquiry_record(guest_name="Ann Guest")
        Enquiry.objects.filter(pk=enquiry.enquiry_id).update(group_size=3)

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({}, {"Changed", "Missing", "Orphaned", "Ann Guest"}),
            ({"entity": "enquiries"}, {"Ann Guest"}),
            ({"kind": "changed"}, {"Changed", "Ann Guest"}),
            ({"entity": "properties", "kind": "missing"}, {"Missing"}),
            ({"entity": "memberships"}, set()),
            (
                {"entity": "\x00(", "kind": "junk", "page": "-7"},
                {"Changed", "Missing", "Orphaned", "Ann Guest"},
            ),
        ],
    )
    def test_by_entity_and_kind(
        self, desk: Client, asked: dict[str, str], expected: set[str]
    ) -> None:
        assert set(called(look(desk, **asked))) == expected

    def test_every_link_says_how_many_it_leaves(self, desk: Client) -> None:
        answer = look(desk)

        for link in [*answer.context["entities"], *answer.context["kinds"]]:
            assert desk.get(link.url).context["page"].paginator.count == link.count

    def test_pages_go_through_all_of_them_once(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(differences, "SHOWN", 1)

        seen = [name for page in "1234" for name in called(look(desk, page=page))]

        assert sorted(seen) == ["Ann Guest", "Changed", "Missing", "Orphaned"]

    def test_shows_only_what_one_may_see(self, client: Client) -> None:
        agent = UserFactory(is_staff=True)
        codes = ["view_synccheck", "change_synccheck", "view_enquiryrecord"]
        agent.user_permissions.set(Permission.objects.filter(codename__in=codes))
        client.force_login(agent)

        assert called(look(client)) == ["Ann Guest"]
        assert called(look(client, entity="properties")) == ["Ann Guest"]

    def test_and_repairs_only_that(self, client: Client) -> None:
        agent = UserFactory(is_staff=True)
        codes = ["view_synccheck", "change_synccheck", "view_enquiryrecord"]
        agent.user_permissions.set(Permission.objects.filter(codename__in=codes))
        client.force_login(agent)
        house = Property.objects.get(title="Changed")

        client.post(reverse(REPAIR))
        answer = client.post(reverse(REPAIR), {"mirror": "properties", "key": house.pk})

        assert answer.status_code == 403
        assert SyncCheck.objects.get().differences == 3


class TestRepairing:
    def test_one_leaves_the_others(self, desk: Client) -> None:
        record = changed_house("Hill House")
        changed_house("Mill House")

        answer = desk.post(
            reverse(REPAIR), {"mirror": "properties", "key": record.property_id}, follow=True
        )

        record.refresh_from_db()
        assert record.bedrooms == 9
        assert called(answer) == ["Mill House"]
        assert "1 record repaired: 1 brought up to date." in text(answer)

    def test_an_orphan_marks_it_as_deleted(self, desk: Client) -> None:
        record = orphaned_house()

        desk.post(reverse(REPAIR), {"mirror": "properties", "key": record.property_id})

        record.refresh_from_db()
        assert record.source_deleted_at is not None

    def test_all_repairs_exactly_what_was_shown(self, desk: Client) -> None:
        changed_house()
        missing_house()
        orphaned_house()
        enquiry_record()
        shown = {row.difference.key for row in look(desk).context["rows"]}
        before = ActivityLog.objects.count()

        answer = desk.post(reverse(REPAIR), follow=True)

        written = ActivityLog.objects.order_by("pk")[before:]
        assert len(shown) == len(written) == 3
        assert "3 records repaired: 1 created, 1 brought up to date, 1 marked as deleted" in text(
            answer
        )
        assert "Nothing differs" in text(answer)

    def test_a_second_time_changes_nothing(self, desk: Client) -> None:
        changed_house()
        desk.post(reverse(REPAIR))
        before = ActivityLog.objects.count()

        answer = desk.post(reverse(REPAIR))

        assert ActivityLog.objects.count() == before
        assert said(answer)[-1] == "Nothing was left to repair: it equals its source."

    def test_keeps_to_what_was_chosen(self, desk: Client) -> None:
        changed_house("Changed")
        missing_house("Missing")

        desk.post(reverse(REPAIR), {"entity": "properties", "kind": "missing"})

        assert called(look(desk)) == ["Changed"]

    def test_logs_who_did_it_and_why_it_was_wrong(self, desk: Client, bob: User) -> None:
        changed_house()

        desk.post(reverse(REPAIR))

        entry = ActivityLog.objects.latest("pk")
        assert (entry.actor, entry.cause) == (bob.email, Cause.BULK_WRITE)

    def test_links_to_what_was_written(self, desk: Client) -> None:
        changed_house()
        missing_house()

        answer = desk.post(reverse(REPAIR), {"entity": "properties"})

        link = said(answer)[0].split('href="')[1].split('"')[0].replace("&amp;", "&")
        assert desk.get(link).context["cl"].result_count == 2

    def test_leaves_a_proof(self, desk: Client) -> None:
        changed_house()

        desk.post(reverse(REPAIR))

        assert SyncCheck.objects.latest().differences == 0

    def test_takes_no_more_at_once_than_a_page_has_time_for(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(repairs, "MOST_AT_ONCE", 2)
        for _ in range(3):
            changed_house()

        answer = desk.post(reverse(REPAIR))

        assert SyncCheck.objects.latest().differences == 1
        assert said(answer)[-1].startswith("1 record not repaired yet.")

    def test_stops_when_the_page_has_no_time_left(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(repairs, "LONGEST_SECONDS", -1)
        changed_house()

        answer = desk.post(reverse(REPAIR), {"kind": "changed"})

        assert said(answer)[-1].startswith("1 record not repaired yet.")

    def test_says_what_could_not_be_repaired(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(keys: list[int], **options: object) -> None:
            raise ValueError("poison")

        changed_house()
        monkeypatch.setattr(MIRRORS["properties"], "sync", fail)

        answer = desk.post(reverse(REPAIR))

        assert "1 record could not be repaired." in said(answer)[-1]
        assert SyncFailure.objects.open().count() == 1

    @pytest.mark.parametrize("key", ["", "junk", "\x00", "9" * 40, "-1"])
    def test_of_what_does_not_exist_does_nothing(self, desk: Client, key: str) -> None:
        changed_house()

        answer = desk.post(reverse(REPAIR), {"mirror": "properties", "key": key})

        assert answer.status_code == 302
        assert SyncCheck.objects.latest().differences == 1

    def test_of_an_unknown_kind_is_refused(self, desk: Client) -> None:
        assert desk.post(reverse(REPAIR), {"mirror": "people", "key": "1"}).status_code == 403

    def test_takes_a_button_and_no_link(self, desk: Client) -> None:
        assert desk.get(reverse(REPAIR)).status_code == 405

    def test_staff_who_only_look_are_refused(self, client: Client, dora: User) -> None:
        changed_house()
        client.force_login(dora)

        answer = client.post(reverse(REPAIR))

        assert answer.status_code == 403
        assert "Repair" not in text(look(client)).split('class="gh-home"')[1].split("A repair")[0]


class TestSources:
    def test_stand_beside_their_records(self, desk: Client) -> None:
        equal = property_record(title="Equal")
        changed_house("Changed")
        missing_house("Missing")

        pairs = desk.get(reverse(SOURCES), {"entity": "properties"}).context["pairs"]

        assert [(pair.called, pair.differing) for pair in pairs] == [
            ("Equal", 0),
            ("Changed", 1),
            ("Missing", None),
        ]
        assert pairs[0].record_url == admin_url(equal)

    def test_of_contacts_are_owners_and_guests(self, desk: Client) -> None:
        EnquiryFactory(guest_email="guest@example.com")

        pairs = desk.get(reverse(SOURCES)).context["pairs"]

        assert len(pairs) == Contact.objects.count() == 2
        assert "enquiries from guest@example.com" in [pair.source for pair in pairs]

    def test_are_said_to_be_none_when_there_are_none(self, desk: Client) -> None:
        assert "No sources yet" in text(desk.get(reverse(SOURCES)))


def cost(desk: Client, address: str) -> int:
    desk.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


@pytest.mark.parametrize("view", [VIEWER, SOURCES])
def test_a_page_costs_the_same_at_2_rows_and_at_12(desk: Client, view: str) -> None:
    address = f"{reverse(view)}?entity=properties"
    stranger = OwnerFactory().user.crm_record

    def plant(times: int) -> None:
        for _ in range(times):
            record = changed_house()
            PropertyRecord.objects.filter(pk=record.pk).update(owner=stranger)

    plant(2)
    at_two = cost(desk, address)
    plant(10)

    assert cost(desk, address) == at_two
    assert at_two < 45


class TestWhereAComparisonTakesLong:
    """The worker does what a page would have to wait for."""

    @pytest.fixture(autouse=True)
    def large(self, db: None) -> None:
        changed_house()
        missing_house()
        enquiry = enquiry_record()
        Enquiry.objects.filter(pk=enquiry.enquiry_id).update(group_size=3)
        run_check(now=timezone.now())
        SyncCheck.objects.update(seconds=40)

    def queued(self) -> list[str]:
        return [each.task["group"] for each in OrmQ.objects.all() if "group" in each.task]

    def test_the_viewer_asks_to_choose_and_tells_what_the_last_check_found(
        self, desk: Client
    ) -> None:
        answer = look(desk)

        assert "Choose a kind of record" in text(answer)
        assert [link.count for link in answer.context["entities"]] == [3, 0, 2, 1, 0]
        assert called(answer) == []

    def test_what_is_chosen_is_compared(self, desk: Client) -> None:
        Property.objects.update(bathrooms=7)
        PropertyFactory()

        answer = look(desk, entity="properties")

        assert len(called(answer)) == 3  # one more than at the check

    def test_a_check_is_the_workers(self, desk: Client) -> None:
        answer = desk.post(reverse("admin:crm_synccheck_check_now"))

        assert SyncCheck.objects.count() == 1
        assert self.queued() == ["crm_check"]
        assert said(answer)[0].startswith("The worker checks now.")

    def test_a_repair_of_everything_is_the_workers(self, desk: Client) -> None:
        answer = desk.post(reverse(REPAIR))

        assert self.queued() == ["crm_check --repair"]
        assert said(answer)[0].startswith("The worker repairs them now.")

    def test_a_repair_of_what_was_chosen_is_done_at_once(self, desk: Client) -> None:
        desk.post(reverse(REPAIR), {"entity": "properties", "kind": "changed"})

        assert set(called(look(desk, entity="properties"))) == {"Mill House"}
        assert self.queued() == ["crm_check"]
