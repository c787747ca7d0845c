import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import OwnerFactory, UserFactory
from listings.choices import ListingStatus
from listings.tests.factories import PropertyFactory
from listings.tests.pictures import give_photos

pytestmark = pytest.mark.django_db

PRIVATE = {
    "address": "1 Secret Lane",
    "latitude": "51.38130",
    "longitude": "-2.35900",
    "enquiry_email": "private@example.com",
}
HOSTILE = '"><script>alert(1)</script>'


def page_of(client, house):
    return client.get(house.get_absolute_url())


class TestLiveHouse:
    def test_it_shows_prices_in_pounds_from_pence(self, client):
        house = PropertyFactory(live=True, midweek_price_pence=120_000, weekend_price_pence=180_050)

        page = page_of(client, house).content.decode()

        assert "£1,200" in page
        assert "£1,800.50" in page

    def test_nothing_private_is_on_the_page(self, client):
        house = PropertyFactory(live=True, **PRIVATE)
        give_photos(house)

        page = page_of(client, house).content.decode()

        for secret in (*PRIVATE.values(), house.owner.user.email, house.owner.phone):
            assert secret not in page
        assert "Bath, Somerset" in page

    def test_hostile_words_are_shown_as_words(self, client):
        texts = ["title", "short_description", "description", "town", "county", "house_rules"]
        texts += ["nearby_attractions", "cancellation_policy", "meta_title", "meta_description"]
        house = PropertyFactory(live=True, slug="hostile", **dict.fromkeys(texts, HOSTILE))
        house.photos.create(image=give_photos(house)[0].image.name, caption=HOSTILE)

        assert "<script>alert" not in page_of(client, house).content.decode()

    def test_a_film_is_linked_not_embedded(self, client):
        house = PropertyFactory(live=True, hero_video="https://youtube.example/v")

        page = page_of(client, house).content.decode()

        assert 'href="https://youtube.example/v" rel="nofollow' in page
        assert "<iframe" not in page

    def test_the_form_knows_who_is_signed_in(self, client):
        owner = OwnerFactory(user__first_name="Gus", user__last_name="Guest", phone="01632 1")
        client.force_login(owner.user)

        initial = page_of(client, PropertyFactory(live=True)).context["form"].initial

        assert initial["guest_name"] == "Gus Guest"
        assert initial["guest_email"] == owner.user.email
        assert initial["guest_phone"] == "01632 1"

    def test_search_engines_are_told_our_own_address(self, client, settings):
        settings.SITE_URL = "https://houses.example"
        house = PropertyFactory(live=True, slug="fern")

        page = page_of(client, house).content.decode()

        assert '<link rel="canonical" href="https://houses.example/houses/fern/">' in page


class TestHouseThatIsNotLive:
    @pytest.mark.parametrize("status", ["draft", "pending_approval"])
    def test_one_that_was_never_public_does_not_exist_for_strangers(self, client, status):
        house = PropertyFactory(status=status)

        assert page_of(client, house).status_code == 404

    def test_a_rejected_one_does_not_exist_for_strangers(self, client):
        assert page_of(client, PropertyFactory(rejected=True)).status_code == 404

    @pytest.mark.parametrize("status", ["paused", "expired"])
    def test_one_that_guests_know_says_so_and_shows_others(self, client, status):
        house = PropertyFactory(status=status)
        PropertyFactory(live=True, title="Another Hall")

        response = page_of(client, house)

        assert response.status_code == 200
        assert "is not taking enquiries right now" in response.content.decode()
        assert "Another Hall" in response.content.decode()
        assert "guest_email" not in response.content.decode()

    def test_one_under_renewal_is_not_gone_either(self, client):
        house = PropertyFactory(live=True)
        house.status = ListingStatus.PENDING_APPROVAL
        house.save()

        assert page_of(client, house).status_code == 200

    def test_its_owner_and_staff_see_a_preview(self, client):
        house = PropertyFactory(title="Draft Hall")

        for user in (house.owner.user, UserFactory(staff=True)):
            client.force_login(user)
            response = page_of(client, house)
            assert response.status_code == 200
            assert "Preview." in response.content.decode()

    def test_staff_who_may_not_see_listings_see_no_preview(self, client):
        house = PropertyFactory(title="Draft Hall")
        client.force_login(UserFactory(is_staff=True))

        assert page_of(client, house).status_code == 404

    def test_staff_who_may_see_listings_need_no_more_for_a_preview(self, client):
        bob = UserFactory(is_staff=True)
        may_see = Permission.objects.get_by_natural_key(
            "view_propertyrecord", "crm", "propertyrecord"
        )
        bob.user_permissions.add(may_see)
        client.force_login(bob)

        assert page_of(client, PropertyFactory()).status_code == 200

    def test_the_permission_alone_makes_nobody_staff(self, client):
        charlie = UserFactory(is_superuser=True)
        client.force_login(charlie)

        assert page_of(client, PropertyFactory()).status_code == 404

    def test_another_owner_sees_no_preview(self, client):
        charlie = OwnerFactory()
        client.force_login(charlie.user)

        assert page_of(client, PropertyFactory()).status_code == 404

    @pytest.mark.parametrize("name", ["house", "enquiry_thanks"])
    def test_an_unknown_house_gets_a_friendly_404(self, client, name):
        response = client.get(reverse(name, args=["no-such-house"]))

        assert response.status_code == 404
        assert "We cannot find that page" in response.content.decode()
