import pytest
from django.urls import reverse

from accounts.tests.factories import OwnerFactory, UserFactory
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db

WITH_HOUSE = ["house_edit", "house_pause", "house_resume"]


@pytest.fixture
def alices_house():
    return PropertyFactory(live=True)


def urls_of(house):
    enquiry = EnquiryFactory(property=house)
    return [
        *(reverse(name, args=[house.pk]) for name in WITH_HOUSE),
        reverse("owner_enquiry", args=[enquiry.pk]),
    ]


class TestWhoMayOpen:
    @pytest.mark.parametrize("name", ["house_add", "owner_enquiries", "profile"])
    def test_strangers_are_sent_to_log_in(self, client, name):
        response = client.get(reverse(name))

        assert response.url == f"{reverse('account_login')}?next={reverse(name)}"

    def test_strangers_are_sent_to_log_in_from_a_house(self, client, alices_house):
        for url in urls_of(alices_house):
            assert reverse("account_login") in client.post(url).url

    def test_another_owners_house_and_enquiry_do_not_exist(self, client, alices_house):
        client.force_login(OwnerFactory().user)
        before = Property.objects.values().get()

        for url in urls_of(alices_house):
            assert client.get(url).status_code in {404, 405}
            assert client.post(url, {"title": "Mine", "step": "contacted"}).status_code == 404

        assert Property.objects.values().get() == before
        assert alices_house.enquiries.get().status == "new"

    @pytest.mark.parametrize("name", ["house_add", "owner_enquiries", "profile"])
    def test_staff_without_an_owner_row_are_told_so(self, client, name):
        client.force_login(UserFactory(staff=True))

        response = client.get(reverse(name))

        assert response.status_code == 403
        assert "This login has no owner account" in response.content.decode()

    @pytest.mark.parametrize("pk", [0, 10**18, 10**40])
    def test_a_number_that_is_no_house_is_a_404(self, client, pk):
        client.force_login(OwnerFactory().user)

        for name in WITH_HOUSE:
            assert client.post(f"/owner/houses/{pk}/{name[6:]}/").status_code == 404
        assert client.get(f"/owner/enquiries/{pk}/").status_code == 404


class TestPauseAndResume:
    @pytest.fixture(autouse=True)
    def alice(self, client, alices_house):
        client.force_login(alices_house.owner.user)

    def test_a_live_house_is_paused_and_resumed(self, client, alices_house):
        for name, status in (("house_pause", "paused"), ("house_resume", "live")):
            response = client.post(reverse(name, args=[alices_house.pk]))
            alices_house.refresh_from_db()
            assert response.url == reverse("dashboard")
            assert alices_house.status == status

    def test_a_step_that_is_not_there_is_said_not_taken(self, client, alices_house):
        url = reverse("house_resume", args=[alices_house.pk])

        page = client.post(url, follow=True).content.decode()

        alices_house.refresh_from_db()
        assert "Only a listing that is paused can be resumed; this one is live." in page
        assert alices_house.status == "live"

    @pytest.mark.parametrize("name", ["house_pause", "house_resume"])
    def test_following_a_link_changes_nothing(self, client, alices_house, name):
        assert client.get(reverse(name, args=[alices_house.pk])).status_code == 405
