import datetime

import pytest

from crm.models import Contact, PropertyRecord
from crm.tests.api.rows import make_contact, make_property

pytestmark = pytest.mark.django_db


def walk(client, address: str, link: str = "next") -> list[list[str]]:
    """The ids on each page, following one of the links to its end."""
    pages = []
    while address:
        page = client.get(address).json()
        pages.append([row["id"] for row in page["results"]])
        address = page[link]
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [row for page in pages for row in page]


@pytest.fixture
def contacts(db) -> list[Contact]:
    """Seven people: three share a moment, two have none."""
    moment = datetime.datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=datetime.UTC)
    day = datetime.timedelta(days=1)
    moments = [moment, moment, moment, moment - day, moment + day, None, None]
    return [make_contact(last_activity_date=moment) for moment in moments]


class TestOrder:
    @pytest.mark.parametrize("ordering", ["last_activity_date", "-last_activity_date"])
    @pytest.mark.parametrize("size", [1, 2, 3, 7])
    def test_every_row_comes_once_with_equal_and_with_missing_values(
        self, contacts, ordering, size, bob
    ):
        pages = walk(bob, f"/api/v1/contacts/?ordering={ordering}&page_size={size}")

        assert len(flat(pages)) == 7
        assert set(flat(pages)) == {str(contact.pk) for contact in contacts}
        assert pages[-1][-1] in {str(contact.pk) for contact in contacts[-2:]}

    @pytest.mark.parametrize("ordering", ["last_activity_date", "-last_activity_date", "email"])
    def test_the_way_back_shows_the_same_rows_in_the_same_order(self, contacts, ordering, bob):
        address = f"/api/v1/contacts/?ordering={ordering}&page_size=2"
        onward = walk(bob, address)
        last = bob.get(address).json()
        while last["next"]:
            last = bob.get(last["next"]).json()

        back = walk(bob, last["previous"], "previous")

        assert list(reversed(back)) == onward[:-1]

    def test_filters_stay_in_the_links(self, contacts, bob):
        make_contact(is_owner=True)

        assert walk(bob, "/api/v1/contacts/?is_owner=true&page_size=1") == [
            [str(Contact.objects.get(is_owner=True).pk)]
        ]

    def test_a_row_that_arrives_meanwhile_shifts_nothing(self, bob):
        houses = [make_property() for _ in range(4)]
        first = bob.get("/api/v1/properties/?page_size=2").json()
        make_property()

        second = bob.get(first["next"]).json()

        assert [row["id"] for row in second["results"]] == [str(h.pk) for h in houses[1::-1]]

    def test_a_place_stays_found_after_its_row_is_gone(self, bob):
        houses = [make_property() for _ in range(4)]
        first = bob.get("/api/v1/properties/?page_size=2").json()
        PropertyRecord.objects.filter(pk=houses[2].pk).delete()

        second = bob.get(first["next"]).json()

        assert [row["id"] for row in second["results"]] == [str(h.pk) for h in houses[1::-1]]


class TestSize:
    @pytest.mark.parametrize(("asked", "given"), [("", 50), ("?page_size=9999", 100)])
    def test_fifty_rows_and_never_more_than_a_hundred(self, asked, given, bob):
        Contact.objects.bulk_create(Contact(email=f"p{n}@example.com") for n in range(120))

        assert len(bob.get(f"/api/v1/contacts/{asked}").json()["results"]) == given

    @pytest.mark.parametrize("junk", ["0", "-1", "ten", "1.5", "%00", "9" * 5000, "%D9%A1"])
    def test_junk_answers_400(self, junk, bob):
        answer = bob.get(f"/api/v1/contacts/?page_size={junk}")

        assert (answer.status_code, list(answer.json())) == (400, ["page_size"])


class TestCursor:
    @pytest.mark.parametrize("junk", ["x", "%00", "bz05OTk5", "W10:1aaaaa:sig", "9" * 5000])
    def test_junk_answers_400(self, junk, bob):
        answer = bob.get(f"/api/v1/contacts/?cursor={junk}")

        assert (answer.status_code, list(answer.json())) == (400, ["cursor"])

    def test_one_of_another_ordering_answers_400(self, contacts, bob):
        link = bob.get("/api/v1/contacts/?ordering=email&page_size=2").json()["next"]

        answer = bob.get(link.replace("ordering=email", "ordering=-email"))

        assert (answer.status_code, list(answer.json())) == (400, ["cursor"])

    def test_one_that_was_changed_answers_400(self, contacts, bob):
        link = bob.get("/api/v1/contacts/?page_size=2").json()["next"]

        assert bob.get(link.replace("cursor=", "cursor=x")).status_code == 400
