import datetime
import uuid

import pytest

from accounts.london import LONDON
from crm.tests.api.rows import make_contact, make_enquiry, make_membership, make_property
from listings.choices import EnquiryStatus, ListingStatus

pytestmark = pytest.mark.django_db


def ids(client, name, **asked):
    return {row["id"] for row in client.get(f"/api/v1/{name}/", asked).json()["results"]}


def at(*moment: int) -> datetime.datetime:
    return datetime.datetime(*moment, tzinfo=LONDON)


class TestContacts:
    def test_owners_and_guests(self, bob):
        owner = make_contact(is_owner=True)
        guest = make_contact(is_guest=True)

        assert ids(bob, "contacts", is_owner="true") == {str(owner.pk)}
        assert ids(bob, "contacts", is_owner="false") == {str(guest.pk)}
        assert ids(bob, "contacts", is_guest="true") == {str(guest.pk)}

    def test_an_address_in_whatever_case(self, bob):
        alice = make_contact(email="alice@example.com")
        make_contact()

        assert ids(bob, "contacts", email=" Alice@Example.com") == {str(alice.pk)}

    def test_search_finds_the_row_that_holds_every_word(self, bob):
        alice = make_contact(first_name="Alice", last_name="Hill", company_name="Hill Houses")
        make_contact(first_name="Alice", last_name="Dale")

        assert ids(bob, "contacts", search="alice HILL") == {str(alice.pk)}

    def test_a_wildcard_in_a_search_is_a_letter_like_any_other(self, bob):
        make_contact(first_name="Alice")

        assert ids(bob, "contacts", search="%") == set()


class TestProperties:
    def test_one_status_or_several(self, bob):
        live = make_property(listing_status=ListingStatus.LIVE)
        draft = make_property(listing_status=ListingStatus.DRAFT)
        make_property(listing_status=ListingStatus.PAUSED)

        assert ids(bob, "properties", status="live") == {str(live.pk)}
        assert ids(bob, "properties", status=["live", "draft"]) == {str(live.pk), str(draft.pk)}

    def test_tier_and_owner(self, bob):
        gold = make_property(plan_tier="gold")
        make_property(plan_tier="silver")

        assert ids(bob, "properties", tier="gold") == {str(gold.pk)}
        assert ids(bob, "properties", owner=gold.owner_id) == {str(gold.pk)}
        assert ids(bob, "properties", owner=uuid.uuid4()) == set()

    def test_the_days_of_a_range_are_london_days_and_both_belong_to_it(self, bob):
        # 1 July 00:00 in London is still 30 June in UTC.
        first = make_property(created_at=at(2026, 7, 1, 0, 0))
        last = make_property(created_at=at(2026, 7, 2, 23, 59))
        make_property(created_at=at(2026, 6, 30, 23, 59))
        make_property(created_at=at(2026, 7, 3, 0, 0))

        found = ids(bob, "properties", created_from="2026-07-01", created_to="2026-07-02")

        assert found == {str(first.pk), str(last.pk)}


class TestEnquiries:
    def test_status_house_and_guest(self, bob):
        mine = make_enquiry(status=EnquiryStatus.CONVERTED)
        make_enquiry(status=EnquiryStatus.NEW)

        assert ids(bob, "enquiries", status="converted") == {str(mine.pk)}
        assert ids(bob, "enquiries", property=mine.property_id) == {str(mine.pk)}
        assert ids(bob, "enquiries", contact=mine.contact_id) == {str(mine.pk)}
        assert ids(bob, "enquiries", owner=mine.owner_id) == {str(mine.pk)}

    def test_when_it_was_received(self, bob):
        early = make_enquiry(created_at=at(2026, 3, 1, 9, 0))
        late = make_enquiry(created_at=at(2026, 3, 9, 9, 0))

        assert ids(bob, "enquiries", received_to="2026-03-05") == {str(early.pk)}
        assert ids(bob, "enquiries", received_from="2026-03-05") == {str(late.pk)}


class TestMemberships:
    def test_status_tier_cycle_and_contact(self, bob):
        mine = make_membership(status="past_due", plan_tier="gold", billing_cycle="monthly")
        make_membership()

        for asked in (
            {"status": "past_due"},
            {"tier": "gold"},
            {"cycle": "monthly"},
            {"contact": mine.contact_id},
            {"property": mine.property_id},
        ):
            assert ids(bob, "memberships", **asked) == {str(mine.pk)}

    def test_when_it_renews(self, bob):
        soon = make_membership(renewal_date=datetime.date(2026, 12, 1))
        make_membership(renewal_date=datetime.date(2027, 2, 1))
        make_membership(renewal_date=None)

        found = ids(bob, "memberships", renewal_from="2026-12-01", renewal_to="2026-12-01")

        assert found == {str(soon.pk)}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("contacts", "is_owner=maybe"),
        ("contacts", "search=a%00b"),
        ("contacts", "email=%00"),
        ("contacts", "search=" + "x" * 201),
        ("contacts", "ordering=password"),
        ("contacts", "ordering=email,last_name"),
        ("contacts", "no_such_filter=1"),
        ("contacts", "user__password__startswith=a"),
        ("properties", "status=published"),
        ("properties", "status=live&status=published"),
        ("properties", "tier=%00"),
        ("properties", "owner=1"),
        ("properties", "owner=%00"),
        ("properties", "created_from=yesterday"),
        ("properties", "created_from=31/01/2026"),
        ("properties", "created_to=99999-01-01"),
        ("enquiries", "property=" + "9" * 5000),
        ("enquiries", "received_from=2026-02-30"),
        ("memberships", "cycle=weekly"),
        ("memberships", "renewal_from=0000-00-00"),
    ],
)
def test_junk_answers_400_and_names_the_filter(name, asked, bob):
    answer = bob.get(f"/api/v1/{name}/?{asked}")

    assert answer.status_code == 400
    assert list(answer.json()) == [asked.split("=")[0]]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_are_can_be_asked_for(day, bob):
    for name in ("created_from", "created_to"):
        assert bob.get("/api/v1/properties/", {name: day}).status_code == 200
    assert bob.get("/api/v1/memberships/", {"renewal_from": day}).status_code == 200


@pytest.mark.parametrize("junk", ["junk", "1", "9" * 5000, "%00", "%F0%9F%8F%A0", "' OR 1=1"])
def test_a_malformed_id_is_not_found(junk, bob):
    assert bob.get(f"/api/v1/contacts/{junk}/").status_code == 404


def test_an_unknown_id_is_not_found(bob):
    assert bob.get(f"/api/v1/contacts/{uuid.uuid4()}/").status_code == 404
