import datetime

import pytest
from django.urls import reverse

from billing.models import Feature, MembershipStatus, Tier
from billing.tests.factories import (
    FeatureFactory,
    ListingExceptionFactory,
    MembershipFactory,
    PlanFactory,
    TierFactory,
)
from listings.models import Property
from listings.perks import Perk
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 6, 1)
SITE = "https://olive.example/"


@pytest.fixture(autouse=True)
def tiers():
    """The price list as it is sold, whatever the test before left of it."""
    brings = {
        "bronze": [Perk.WEBSITE_LINK],
        "silver": [Perk.WEBSITE_LINK, Perk.SEARCH_FIRST],
        "gold": [Perk.WEBSITE_LINK, Perk.SEARCH_FIRST, Perk.HOMEPAGE],
    }
    for code, perks in brings.items():
        TierFactory(code=code).features.set(FeatureFactory(code=perk) for perk in perks)


def house_of(tier, **fields):
    status = fields.pop("membership", MembershipStatus.ACTIVE)
    house = PropertyFactory(live=True, **fields)
    MembershipFactory(owner=house.owner, property=house, tier__code=tier, status=status)
    return house


def titles_of(houses):
    return [house.title for house in houses]


class TestSearch:
    def order(self, day=TODAY):
        return titles_of(Property.objects.public().in_search_order(day))

    def test_silver_and_gold_stand_before_bronze(self):
        for tier in ("bronze", "gold", "bronze", "silver"):
            house_of(tier, title=tier)

        order = self.order()

        assert set(order[:2]) == {"silver", "gold"}
        assert order[2:] == ["bronze", "bronze"]

    def test_gold_is_not_before_silver(self):
        for number in range(6):
            house_of("gold", title=f"gold {number}")
            house_of("silver", title=f"silver {number}")
        days = [TODAY + datetime.timedelta(days=days) for days in range(10)]

        firsts = {self.order(day)[0].split()[0] for day in days}

        assert firsts == {"gold", "silver"}

    def test_it_stays_the_same_all_day(self):
        for _ in range(10):
            house_of("silver")

        assert self.order() == self.order()

    def test_another_day_draws_lots_anew(self):
        for _ in range(10):
            house_of("silver")

        assert self.order() != self.order(TODAY + datetime.timedelta(days=1))

    def test_everybody_is_first_now_and_then(self):
        for _ in range(5):
            house_of("silver")
        days = [TODAY + datetime.timedelta(days=days) for days in range(60)]

        assert len({self.order(day)[0] for day in days}) == 5

    def test_a_membership_that_ended_brings_nothing(self):
        house_of("gold", title="lapsed", membership=MembershipStatus.EXPIRED)
        house_of("silver", title="paid")

        assert self.order() == ["paid", "lapsed"]

    def test_an_exception_brings_what_its_tier_does(self):
        house = PropertyFactory(live=True, title="excepted")
        until = TODAY + datetime.timedelta(days=9)
        ListingExceptionFactory(property=house, tier__code="silver", until=until)
        house_of("bronze", title="bronze")

        assert self.order()[0] == "excepted"

    def test_pages_hold_every_house_once(self, client):
        for number in range(30):
            house_of("gold" if number % 3 else "bronze", title=f"house {number}")

        seen = []
        for number in (1, 2, 3):
            page = client.get(reverse("search"), {"page": number}).context["page"]
            seen += titles_of(page)

        assert len(seen) == len(set(seen)) == 30


class TestHome:
    def test_gold_houses_are_featured_and_others_are_not(self, client):
        house_of("gold", title="Gold Hall")
        house_of("silver", title="Silver Hall")

        featured = client.get("/").context["featured"]

        assert titles_of(featured) == ["Gold Hall"]
        assert "Featured houses" in client.get("/").content.decode()

    def test_a_gold_house_that_is_not_live_is_not_featured(self, client):
        house = PropertyFactory(paused=True)
        MembershipFactory(owner=house.owner, property=house, tier__code="gold")

        assert "Featured houses" not in client.get("/").content.decode()

    def test_it_costs_the_same_with_2_and_12_featured(self, client, django_assert_num_queries):
        # Featured houses, their photos; new houses, their photos; counties.
        for number in (2, 10):
            for _ in range(number):
                house_of("gold")
            with django_assert_num_queries(5):
                client.get("/")


class TestWebsiteLink:
    def page(self, client, tier):
        house = house_of(tier, owner__website=SITE)
        return client.get(house.get_absolute_url()).content.decode()

    def test_a_tier_that_brings_it_shows_it(self, client):
        assert SITE in self.page(client, "bronze")

    def test_a_tier_that_staff_took_it_from_does_not(self, client):
        Tier.objects.get(code="bronze").features.remove(Feature.objects.get(code=Perk.WEBSITE_LINK))

        assert SITE not in self.page(client, "bronze")

    def test_a_feature_with_other_words_is_the_same_feature(self, client):
        Feature.objects.filter(code=Perk.WEBSITE_LINK).update(text="Your site, one click away")

        assert SITE in self.page(client, "bronze")


class TestStanding:
    @pytest.fixture(autouse=True)
    def in_our_words(self):
        Feature.objects.filter(code=Perk.HOMEPAGE).update(text="Shown on the first page")

    def test_the_owner_reads_on_the_page_what_the_plan_brings(self, client):
        house = house_of("gold")
        client.force_login(house.owner.user)

        page = client.get(house.get_absolute_url()).content.decode()

        assert "Listed as Gold" in page
        assert "Shown on the first page" in page

    def test_guests_do_not(self, client):
        house = house_of("gold")

        assert "Listed as" not in client.get(house.get_absolute_url()).content.decode()

    def test_an_exception_is_called_one(self, client):
        house = PropertyFactory(live=True)
        ListingExceptionFactory(property=house)
        client.force_login(house.owner.user)

        page = client.get(house.get_absolute_url()).content.decode()

        assert "as our team has agreed" in page

    def test_the_plans_page_says_what_each_tier_brings(self, client):
        house = house_of("gold")
        PlanFactory(tier__code="gold", net_pence=85_000)
        client.force_login(house.owner.user)

        assert "<li>Shown on the first page</li>" in client.get(reverse("plans")).content.decode()
