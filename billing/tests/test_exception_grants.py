import datetime

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.actor import acting_as
from accounts.admin_columns import admin_url
from accounts.tests.factories import OwnerFactory, UserFactory
from accounts.transitions import TransitionNotAllowed
from billing import exception_grants, publishing
from billing.models import ListingException
from billing.sync import _take_off_show
from billing.tests.factories import ListingExceptionFactory, MembershipFactory, TierFactory
from crm.models import ActivityLog
from listings.tests.factories import PropertyFactory
from listings.tests.pictures import give_photos

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
UNTIL = datetime.date(2026, 7, 15)
AFTER = datetime.datetime(2026, 7, 15, 23, 30, tzinfo=datetime.UTC)  # 16 July in London
BOB = "bob@example.com"
# Session, user; exceptions; what the sidebar counts.
QUERIES_OF_LIST = 7


def grant(house, **fields):
    asked = {"tier": TierFactory(code="bronze"), "until": UNTIL, "reason": "Bank trouble."}
    return exception_grants.grant(house, **asked | fields, by=BOB, now=NOW)


def complete_house(**fields):
    house = PropertyFactory(**fields)
    give_photos(house)
    return house


class TestGrant:
    def test_the_house_is_submitted_and_approved_without_a_membership(self):
        house = complete_house()
        grant(house)

        publishing.submit(house, now=NOW)
        publishing.approve(house, by=BOB, now=NOW)

        house.refresh_from_db()
        assert house.status == "live"

    def test_no_unused_membership_is_used_up_meanwhile(self):
        house = complete_house()
        unused = MembershipFactory(owner=house.owner)
        grant(house)

        publishing.submit(house, now=NOW)

        unused.refresh_from_db()
        assert unused.property is None

    def test_another_house_of_the_owner_gains_nothing(self):
        house = complete_house()
        grant(house)

        with pytest.raises(publishing.EntitlementMissing):
            publishing.submit(complete_house(owner=house.owner), now=NOW)

    def test_it_publishes_nothing(self):
        house = complete_house()

        grant(house)

        house.refresh_from_db()
        assert house.status == "draft"

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"reason": "  "}, "Say why"),
            ({"until": datetime.date(2026, 5, 31)}, "between today and a year"),
            ({"until": datetime.date(2027, 6, 3)}, "between today and a year"),
        ],
    )
    def test_without_a_reason_or_an_end_it_is_refused(self, fields, told):
        with pytest.raises(exception_grants.ExceptionRefused, match=told):
            grant(PropertyFactory(), **fields)

        assert not ListingException.objects.exists()

    def test_a_house_has_one_at_a_time(self):
        house = PropertyFactory()
        grant(house)

        with pytest.raises(exception_grants.ExceptionRefused, match="until 15 July 2026 already"):
            grant(house)


class TestEnd:
    def test_it_counts_to_the_end_of_its_last_day_in_london(self):
        house = complete_house()
        grant(house)
        before = datetime.datetime(2026, 7, 15, 22, 30, tzinfo=datetime.UTC)

        assert publishing.is_excepted(house, before)
        assert not publishing.is_excepted(house, AFTER)

    def test_it_ends_by_itself_and_the_listing_with_it(self):
        house = PropertyFactory(live=True)
        grant(house)

        assert exception_grants.end_overdue(now=AFTER) == 1

        house.refresh_from_db()
        assert house.status == "expired"
        assert ListingException.objects.get().ended_by == "system"

    def test_ending_twice_ends_once(self):
        grant(PropertyFactory())
        exception_grants.end_overdue(now=AFTER)

        assert exception_grants.end_overdue(now=AFTER) == 0

    def test_before_its_day_nothing_ends(self):
        house = PropertyFactory(live=True)
        grant(house)

        exception_grants.end_overdue(now=NOW)

        house.refresh_from_db()
        assert house.status == "live"

    def test_a_house_with_a_membership_stays(self):
        house = PropertyFactory(live=True)
        MembershipFactory(owner=house.owner, property=house)
        grant(house)

        exception_grants.end_overdue(now=AFTER)

        house.refresh_from_db()
        assert house.status == "live"

    def test_an_unused_membership_steps_in(self):
        house = PropertyFactory(live=True)
        unused = MembershipFactory(owner=house.owner)
        grant(house)

        exception_grants.end_overdue(now=AFTER)

        house.refresh_from_db()
        unused.refresh_from_db()
        assert (house.status, unused.property) == ("live", house)

    def test_one_that_is_over_cannot_be_ended_again(self):
        exception = grant(PropertyFactory())
        exception_grants.end(exception, by=BOB, now=NOW)

        with pytest.raises(TransitionNotAllowed):
            exception_grants.end(exception, by=BOB, now=NOW)

    def test_the_end_of_a_membership_leaves_an_excepted_house_on_show(self):
        house = PropertyFactory(live=True)
        membership = MembershipFactory(owner=house.owner, property=house, status="expired")
        grant(house)

        _take_off_show(membership, NOW)

        house.refresh_from_db()
        assert house.status == "live"

    def test_the_command_says_how_many_ended(self, capsys):
        ListingExceptionFactory(until=datetime.date(2020, 1, 1))

        call_command("end_exceptions")

        assert capsys.readouterr().out == "1 ended\n"


class TestLog:
    def entries(self):
        found = ActivityLog.objects.filter(title__startswith="Exception").order_by("pk")
        return [(entry.title, entry.actor, entry.description) for entry in found]

    def test_it_says_who_granted_it_and_why(self):
        house = PropertyFactory(title="Fern Hall")

        with acting_as(BOB, "admin"):
            grant(house)

        text = "Listed as Bronze until 15 July 2026, without a membership: Bank trouble."
        assert self.entries() == [("Exception granted: Fern Hall", BOB, text)]

    def test_it_says_that_it_ended_by_itself(self):
        grant(PropertyFactory(title="Fern Hall"))

        with acting_as("system:end_exceptions", "worker"):
            exception_grants.end_overdue(now=AFTER)

        assert self.entries()[-1] == (
            "Exception ended: Fern Hall",
            "system:end_exceptions",
            "Its last day is over.",
        )


class TestDesk:
    @pytest.fixture
    def bob(self, client):
        client.force_login(UserFactory(staff=True, email=BOB))
        return client

    def typed(self, listed, **fields):
        day = datetime.date.today() + datetime.timedelta(days=20)
        asked = {"house": listed.slug, "tier": TierFactory(code="bronze").pk, "until": f"{day}"}
        return asked | {"reason": "Bank trouble."} | fields

    def post(self, client, **fields):
        return client.post(reverse("admin:billing_listingexception_add"), fields, follow=True)

    def test_staff_grant_one_with_a_reason(self, bob):
        house = PropertyFactory(live=True)

        self.post(bob, **self.typed(house))

        [exception] = ListingException.objects.all()
        assert (exception.property, exception.granted_by) == (house, BOB)
        assert ActivityLog.objects.get(title__startswith="Exception").actor == BOB

    def test_the_address_of_the_house_may_be_pasted_whole(self, bob):
        house = PropertyFactory()

        self.post(bob, **self.typed(house, house=f"https://example.com/houses/{house.slug}/"))

        assert ListingException.objects.get().property == house

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"house": "no-such-house"}, "There is no house at this address."),
            ({"house": "\x00"}, ""),
            ({"reason": ""}, "This field is required."),
            ({"until": "2020-01-01"}, "between today and a year"),
            ({"until": "junk"}, "Enter a valid date."),
            ({"tier": "9" * 30}, "Select a valid choice"),
        ],
    )
    def test_what_is_missing_or_wrong_is_said_and_leaves_nothing(self, bob, fields, told):
        answer = self.post(bob, **self.typed(PropertyFactory(), **fields))

        assert answer.status_code == 200
        assert told in answer.content.decode()
        assert not ListingException.objects.exists()

    def test_the_house_shows_it(self, bob):
        house = ListingExceptionFactory(property__title="Fern Hall").property

        page = bob.get(admin_url(house.crm_record)).content.decode()

        assert "Listed as Bronze without a membership until" in page

    def test_a_house_without_one_leads_to_granting_it(self, bob):
        house = PropertyFactory(slug="fern-hall")

        page = bob.get(admin_url(house.crm_record)).content.decode()

        link = f"{reverse('admin:billing_listingexception_add')}?house=fern-hall"
        assert link in page
        assert 'value="fern-hall"' in bob.get(link).content.decode()

    def test_staff_end_one_early(self, bob):
        exception = ListingExceptionFactory(property__live=True)

        bob.post(reverse("admin:billing_listingexception_end", args=[exception.pk]))

        exception.refresh_from_db()
        exception.property.refresh_from_db()
        assert (exception.ended_by, exception.property.status) == (BOB, "expired")

    def test_others_cannot(self, client):
        exception = ListingExceptionFactory()
        end = reverse("admin:billing_listingexception_end", args=[exception.pk])
        add = reverse("admin:billing_listingexception_add")

        for user in (UserFactory(is_staff=True), OwnerFactory().user):
            client.force_login(user)
            client.post(end)
            client.post(add, self.typed(PropertyFactory()))

        assert ListingException.objects.get().ended_at is None

    def test_the_list_narrows_to_those_that_run(self, bob):
        ListingExceptionFactory(property__title="Fern Hall")
        ListingExceptionFactory(property__title="Old Hall", until=datetime.date(2020, 1, 1))

        page = bob.get(
            reverse("admin:billing_listingexception_changelist"), {"state": "running"}
        ).content.decode()

        assert "Fern Hall" in page
        assert "Old Hall" not in page

    def test_the_list_costs_the_same_with_2_and_12_rows(self, bob, django_assert_num_queries):
        address = reverse("admin:billing_listingexception_changelist")
        ListingExceptionFactory.create_batch(2)
        bob.get(address)
        with django_assert_num_queries(QUERIES_OF_LIST):
            bob.get(address)
        ListingExceptionFactory.create_batch(10)
        with django_assert_num_queries(QUERIES_OF_LIST):
            bob.get(address)


class TestOwner:
    def test_the_dashboard_says_until_when(self, client):
        house = complete_house()
        ListingExceptionFactory(property=house)
        client.force_login(house.owner.user)

        page = client.get(reverse("dashboard")).content.decode()

        assert "Listed as bronze without a membership until" in page
        assert "Submit for approval" in page
