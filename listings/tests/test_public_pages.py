import pytest
from django.test import Client
from django.urls import reverse

from listings.choices import ListingStatus
from listings.models import Property
from listings.tests.factories import PropertyFactory
from listings.tests.pictures import give_photos

pytestmark = pytest.mark.django_db


def live_houses(number):
    for _ in range(number):
        give_photos(PropertyFactory(live=True), 2)


class TestHome:
    def test_it_shows_live_houses_and_no_others(self, client):
        PropertyFactory(live=True, title="Open Hall")
        for status in set(ListingStatus) - {ListingStatus.LIVE, ListingStatus.REJECTED}:
            PropertyFactory(status=status, title="Shut Hall")

        page = client.get(reverse("home")).content.decode()

        assert "Open Hall" in page
        assert "Shut Hall" not in page

    def test_it_invites_owners_while_there_is_no_house(self, client):
        assert "The first houses are on their way" in client.get("/").content.decode()

    def test_it_costs_the_same_with_2_and_12_houses(self, client, django_assert_num_queries):
        # Featured houses (none), new houses, their photos, counties.
        live_houses(2)
        with django_assert_num_queries(4):
            client.get("/")
        live_houses(10)
        with django_assert_num_queries(4):
            client.get("/")


class TestSearch:
    def titles(self, client, **wanted):
        response = client.get(reverse("search"), wanted)
        return {house.title for house in response.context["page"]}

    def test_words_and_group_size_narrow_it_down(self, client):
        PropertyFactory(live=True, title="Big", town="Bath", sleeps_max=30)
        PropertyFactory(live=True, title="Small", town="Bath", sleeps_max=10)
        PropertyFactory(live=True, title="Far", town="Bala", sleeps_max=30)

        assert self.titles(client, q="bath", guests=20) == {"Big"}

    def test_every_word_must_fit_title_or_public_place(self, client):
        PropertyFactory(live=True, title="Fern Hall", town="Bath", county="Somerset")

        assert self.titles(client, q="somerset fern") == {"Fern Hall"}
        assert self.titles(client, q="somerset oak") == set()

    def test_the_private_address_is_not_searched(self, client):
        PropertyFactory(live=True, address="1 Secret Lane")

        assert self.titles(client, q="secret") == set()

    def test_twelve_stand_on_a_page(self, client):
        live_houses(13)

        second = client.get(reverse("search"), {"page": 2})

        assert len(second.context["page"]) == 1
        assert "13 houses" in second.content.decode()

    def test_no_result_says_so_and_offers_a_way_on(self, client):
        page = client.get(reverse("search"), {"q": "atlantis", "guests": 4}).content.decode()

        assert "No house fits that yet" in page
        assert "Show every house" in page

    @pytest.mark.parametrize(
        "junk",
        [
            {"q": "nul\x00byte"},
            {"q": "line\nbreak"},
            {"q": "x" * 5000},
            {"q": "%"},
            {"q": "' OR 1=1 --"},
            {"guests": "-1"},
            {"guests": "nul\x00"},
            {"guests": "9" * 40},
            {"guests": "1e3"},
            {"page": "0"},
            {"page": "-5"},
            {"page": "nul\x00"},
            {"page": "9" * 400},
            {"unknown": "x"},
        ],
    )
    def test_junk_is_no_error_of_ours(self, client, junk):
        assert client.get(reverse("search"), junk).status_code == 200

    def test_what_is_wrong_stands_beside_the_field(self, client):
        page = client.get(reverse("search"), {"guests": "many"}).content.decode()

        assert 'id="id_guests_error"' in page

    def test_what_was_typed_is_shown_escaped(self, client):
        page = client.get(reverse("search"), {"q": "<script>alert(1)</script>"}).content.decode()

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page

    def test_it_costs_the_same_with_2_and_12_houses(self, client, django_assert_num_queries):
        # Number of houses, houses, their photos.
        live_houses(2)
        with django_assert_num_queries(3):
            client.get(reverse("search"))
        live_houses(10)
        with django_assert_num_queries(3):
            client.get(reverse("search"))


class TestEveryPage:
    @pytest.mark.parametrize("path", ["/", "/houses/", "/accounts/login/", "/accounts/signup/"])
    def test_the_policy_is_strict_and_nothing_is_inline(self, client, path):
        response = client.get(path)
        page = response.content.decode()

        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count("<script src=")
        assert 'href="http' not in page.replace('href="http://testserver', "")

    def test_an_unknown_address_gets_a_friendly_404(self, client):
        response = client.get("/no/such/page/")

        assert response.status_code == 404
        assert "We cannot find that page" in response.content.decode()

    def test_a_form_without_its_token_gets_a_friendly_403(self):
        house = PropertyFactory(live=True)

        response = Client(enforce_csrf_checks=True).post(house.get_absolute_url(), {})

        assert response.status_code == 403
        assert "Please send that again" in response.content.decode()

    def test_a_server_error_page_stands_on_its_own(self, client, monkeypatch):
        monkeypatch.setattr(Property.objects, "public", lambda: 1 / 0)
        client.raise_request_exception = False

        response = client.get("/")

        assert response.status_code == 500
        assert "Something went wrong on our side" in response.content.decode()

    def test_robots_keep_out_of_private_places(self, client):
        response = client.get("/robots.txt")

        assert response["Content-Type"].startswith("text/plain")
        assert "Disallow: /owner/" in response.content.decode()

    def test_the_icon_is_found_at_its_old_address(self, client):
        assert client.get("/favicon.ico").url.endswith("site/favicon.svg")
