"""The way to Stripe's billing pages."""

import pytest
from django.urls import reverse

from accounts.tests.factories import OwnerFactory, UserFactory
from billing import gateway
from billing.models import Customer
from billing.tests.factories import MembershipFactory
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

BUTTON = "Card and invoices"
PORTAL = "https://billing.stripe.example/session"


@pytest.fixture
def alice(client):
    owner = OwnerFactory()
    client.force_login(owner.user)
    return owner


@pytest.fixture
def asked(monkeypatch):
    """Whom the portal was opened for, and the way back."""
    calls = []

    def open_portal(owner, return_url):
        calls.append((owner, return_url))
        return PORTAL

    monkeypatch.setattr(gateway, "open_portal", open_portal)
    return calls


def make_customer(owner):
    return Customer.objects.create(owner=owner, stripe_id=f"cus_{owner.pk}")


def dashboard(client):
    return client.get(reverse("dashboard")).content.decode()


class TestButton:
    @pytest.mark.parametrize("with_house", [True, False], ids=["a house", "no house yet"])
    def test_it_stands_with_the_memberships(self, client, alice, with_house):
        make_customer(alice)
        house = PropertyFactory(owner=alice) if with_house else None
        MembershipFactory(owner=alice, property=house)

        page = dashboard(client)

        assert page.count(BUTTON) == 1
        assert f'action="{reverse("billing_portal")}"' in page

    def test_one_who_is_no_customer_has_none(self, client, alice):
        make_customer(OwnerFactory())
        MembershipFactory(owner=alice, property=PropertyFactory(owner=alice), status="past_due")

        page = dashboard(client)

        assert BUTTON not in page
        assert reverse("billing_portal") not in page

    def test_a_failed_payment_stands_at_the_top_with_the_way_out(self, client, alice):
        make_customer(alice)
        house = PropertyFactory(owner=alice, title="Long Barn")
        MembershipFactory(owner=alice, property=house, status="past_due")

        page = dashboard(client)

        assert "Your last payment failed for Long Barn" in page
        assert page.index("Change your card<") < page.index("my-house")

    def test_a_paid_membership_asks_for_no_card(self, client, alice):
        make_customer(alice)
        MembershipFactory(owner=alice, property=PropertyFactory(owner=alice))

        assert "change your card" not in dashboard(client).lower()


class TestGoing:
    def test_it_leads_to_the_page_of_whoever_is_signed_in(self, client, alice, asked):
        other = make_customer(OwnerFactory())

        response = client.post(
            reverse("billing_portal"),
            {"owner": other.owner_id, "customer": other.stripe_id, "return_url": "http://evil/"},
            headers={"host": "localhost"},
        )

        assert response.url == PORTAL
        assert asked == [(alice, "http://testserver/owner/")]

    def test_one_who_bought_nothing_has_no_page(self, client, alice):
        make_customer(OwnerFactory())

        assert client.post(reverse("billing_portal")).status_code == 404

    def test_with_stripe_away_the_page_says_so_and_offers_another_try(self, client, alice):
        make_customer(alice)  # the tests' Stripe address answers nothing

        response = client.post(reverse("billing_portal"))

        page = response.content.decode()
        assert response.status_code == 503
        assert "Your billing page is not available right now" in page
        assert f'action="{reverse("billing_portal")}"' in page

    def test_following_a_link_opens_nothing(self, client, alice, asked):
        assert client.get(reverse("billing_portal")).status_code == 405
        assert asked == []

    def test_strangers_are_sent_to_log_in(self, client, asked):
        assert reverse("account_login") in client.post(reverse("billing_portal")).url
        assert asked == []

    def test_staff_without_an_owner_row_are_refused(self, client, asked):
        client.force_login(UserFactory(staff=True))

        assert client.post(reverse("billing_portal")).status_code == 403
        assert asked == []
