import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import OwnerFactory
from billing import gateway
from billing.models import Membership, Plan
from billing.tests.factories import MembershipFactory, PlanFactory, make_price_list
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

PAYMENT_PAGE = "https://checkout.stripe.example/pay"


@pytest.fixture
def alice(client):
    owner = OwnerFactory()
    client.force_login(owner.user)
    return owner


@pytest.fixture
def asked(monkeypatch):
    """What the gateway was asked for; it answers with a payment page."""
    calls = []

    def start_checkout(owner, plan, **options):
        calls.append({"owner": owner, "plan": plan, **options})
        return PAYMENT_PAGE

    monkeypatch.setattr(gateway, "start_checkout", start_checkout)
    return calls


@pytest.fixture
def silver():
    return PlanFactory()


def choose(client, plan, **fields):
    return client.post(reverse("checkout", args=[plan.pk]), fields)


class TestPlans:
    @pytest.fixture(autouse=True)
    def price_list(self, db):
        make_price_list()

    def test_net_vat_and_gross_stand_there_before_paying(self, client, alice):
        page = client.get(reverse("plans")).content.decode()

        for words in ("£650", "+ £130 VAT", "£780", "£65 a month", "+ £13 VAT", "£78"):
            assert words in page

    def test_the_commitment_of_a_monthly_plan_is_spelt_out(self, client, alice):
        page = client.get(reverse("plans")).content.decode()

        assert "You commit to 12 months: £936 in all, VAT included." in page

    def test_a_plan_off_sale_is_not_offered(self, client, alice):
        Plan.objects.filter(tier__code="gold").update(active=False)

        page = client.get(reverse("plans")).content.decode()

        assert "Choose Silver" in page
        assert "Choose Gold" not in page

    def test_an_unused_membership_is_offered_but_blocks_no_purchase(self, client, alice):
        house = PropertyFactory(owner=alice, title="Fern Hall")
        MembershipFactory(owner=alice)

        page = client.get(reverse("plans"), {"house": house.pk}).content.decode()

        assert "Use it for Fern Hall" in page
        assert "Choose Gold by the year" in page

    def test_a_house_with_a_membership_is_not_sold_another(self, client, alice):
        house = PropertyFactory(owner=alice)
        MembershipFactory(owner=alice, property=house)

        response = client.get(reverse("plans"), {"house": house.pk}, follow=True)

        assert "there is nothing to pay" in response.content.decode()

    @pytest.mark.parametrize("house", ["x", "9" * 40, "\x00", "-1"])
    def test_a_house_that_is_none_is_a_404(self, client, alice, house):
        assert client.get(reverse("plans"), {"house": house}).status_code == 404

    def test_another_owners_house_is_a_404(self, client, alice):
        assert client.get(reverse("plans"), {"house": PropertyFactory().pk}).status_code == 404


class TestCheckout:
    def test_it_leads_to_the_payment_page(self, client, alice, asked, silver):
        house = PropertyFactory(owner=alice)

        response = choose(client, silver, house=house.pk)

        assert response.url == PAYMENT_PAGE
        assert (asked[0]["owner"], asked[0]["plan"], asked[0]["house"]) == (alice, silver, house)

    def test_the_ways_back_are_absolute_and_name_the_house(self, client, alice, asked, silver):
        house = PropertyFactory(owner=alice)

        choose(client, silver, house=house.pk)

        start = "http://testserver/owner/checkout/return/?session_id={CHECKOUT_SESSION_ID}"
        assert asked[0]["success_url"] == f"{start}&house={house.pk}&after=0"
        assert asked[0]["cancel_url"] == f"http://testserver/owner/plans/?house={house.pk}&left=1"

    def test_the_way_back_does_not_trust_the_host_header(self, client, alice, asked, silver):
        client.post(reverse("checkout", args=[silver.pk]), headers={"host": "localhost"})

        assert asked[0]["success_url"].startswith("http://testserver/")

    def test_a_plan_can_be_bought_without_a_house(self, client, alice, asked, silver):
        assert choose(client, silver).url == PAYMENT_PAGE
        assert asked[0]["house"] is None

    def test_another_owners_house_is_a_404(self, client, alice, asked, silver):
        assert choose(client, silver, house=PropertyFactory().pk).status_code == 404
        assert asked == []

    def test_a_plan_off_sale_is_a_404(self, client, alice, asked, silver):
        Plan.objects.filter(pk=silver.pk).update(active=False)

        assert choose(client, silver).status_code == 404

    def test_a_house_is_not_paid_for_twice(self, client, alice, asked, silver):
        house = PropertyFactory(owner=alice)
        MembershipFactory(owner=alice, property=house)

        assert choose(client, silver, house=house.pk).url == reverse("dashboard")
        assert asked == []

    def test_following_a_link_buys_nothing(self, client, alice, asked, silver):
        assert client.get(reverse("checkout", args=[silver.pk])).status_code == 405

    def test_strangers_are_sent_to_log_in(self, client, asked, silver):
        assert reverse("account_login") in choose(client, silver).url
        assert asked == []

    def test_with_stripe_away_the_page_says_so_and_offers_another_try(self, client, alice, silver):
        house = PropertyFactory(owner=alice)  # the tests' Stripe address answers nothing

        response = choose(client, silver, house=house.pk)

        page = response.content.decode()
        assert response.status_code == 503
        assert "Nothing was charged" in page
        assert f'action="{reverse("checkout", args=[silver.pk])}"' in page
        assert f'name="house" value="{house.pk}"' in page
        assert Membership.objects.count() == 0


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
class TestLateWebhook:
    def pay(self, client, running, plan, house):
        """Pay on the page that is offered; no webhook comes."""
        running.control.pay(choose(client, plan, house=house.pk).url.rsplit("/", 1)[1])

    def test_a_house_that_was_paid_for_is_offered_no_second_page(self, client, alice, stripe_api):
        house, silver = PropertyFactory(owner=alice, title="Fern Hall"), PlanFactory()
        gold = PlanFactory(tier__code="gold", net_pence=85_000)
        self.pay(client, stripe_api, silver, house)

        response = client.post(reverse("checkout", args=[gold.pk]), {"house": house.pk})

        assert response.url == reverse("dashboard")
        assert "just been paid for on another page" in client.get(response.url).content.decode()
        assert len(stripe_api.sandbox.all("checkout.session")) == 1

    def test_its_membership_is_caught_up_with(self, client, alice, stripe_api):
        house, silver = PropertyFactory(owner=alice), PlanFactory()
        self.pay(client, stripe_api, silver, house)

        choose(client, silver, house=house.pk)

        membership = Membership.objects.get()
        assert (membership.property, membership.status) == (house, "active")

    def test_one_that_is_over_here_and_runs_at_stripe_is_caught_up_with_too(
        self, client, alice, stripe_api
    ):
        house, silver = PropertyFactory(owner=alice), PlanFactory()
        self.pay(client, stripe_api, silver, house)
        choose(client, silver, house=house.pk)
        Membership.objects.update(status="cancelled")

        response = choose(client, silver, house=house.pk)

        assert response.url == reverse("dashboard")
        assert Membership.objects.get().status == "active"

    def test_another_house_is_sold_all_the_same(self, client, alice, stripe_api):
        silver = PlanFactory()
        self.pay(client, stripe_api, silver, PropertyFactory(owner=alice))

        response = choose(client, silver, house=PropertyFactory(owner=alice).pk)

        assert response.url.startswith(stripe_api.url)

    def test_one_we_know_to_have_moved_to_another_house_is_in_nobodys_way(
        self, client, alice, stripe_api
    ):
        house, silver = PropertyFactory(owner=alice), PlanFactory()
        self.pay(client, stripe_api, silver, house)
        choose(client, silver, house=house.pk)
        Membership.objects.update(property=PropertyFactory(owner=alice))

        assert choose(client, silver, house=house.pk).url.startswith(stripe_api.url)


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_house", [True, False], ids=["a house", "no house"])
def test_four_presses_at_once_all_lead_to_the_same_page(stripe_api, with_house):
    house, plan = PropertyFactory(), PlanFactory()
    address = reverse("checkout", args=[plan.pk])
    clients = [Client() for _ in range(4)]
    for each in clients:
        each.force_login(house.owner.user)
    stripe_api.control.faults(api_delay=0.02, count=1000)
    start = threading.Barrier(4)

    def press(client):
        try:
            start.wait()
            return client.post(address, {"house": house.pk} if with_house else {})
        finally:
            connections[connection.alias].close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(press, clients))

    [page] = stripe_api.sandbox.all("checkout.session")
    assert [answer.status_code for answer in answers] == [302] * 4
    assert {answer.url for answer in answers} == {page["url"]}


class TestReturn:
    def back(self, client, **known):
        response = client.get(reverse("checkout_return"), {"session_id": "cs_1", **known})
        return response.content.decode()

    def test_it_waits_for_the_membership_and_looks_again(self, client, alice):
        page = self.back(client, after=0)

        assert "Confirming your payment" in page
        assert (
            'http-equiv="refresh" content="3;url=?session_id=cs_1&amp;after=0&amp;look=1"' in page
        )

    def test_after_a_minute_it_stops_looking(self, client, alice):
        page = self.back(client, after=0, look=20)

        assert "http-equiv" not in page
        assert "please do not pay again" in page

    def test_a_membership_that_arrived_is_announced_with_the_next_step(self, client, alice):
        house = PropertyFactory(owner=alice, title="Fern Hall")
        MembershipFactory(owner=alice, property=house)

        page = self.back(client, house=house.pk, after=0)

        assert "Thank you, it is paid" in page
        assert "Submit Fern Hall" in page
        assert "http-equiv" not in page

    def test_one_not_yet_bound_to_the_house_counts_too(self, client, alice):
        house = PropertyFactory(owner=alice)
        MembershipFactory(owner=alice)

        assert "Thank you, it is paid" in self.back(client, house=house.pk, after=0)

    def test_a_membership_from_before_is_not_the_new_one(self, client, alice):
        old = MembershipFactory(owner=alice)

        assert "Confirming your payment" in self.back(client, after=old.pk)

    def test_one_that_the_house_got_meanwhile_is_not_the_new_one(self, client, alice):
        house = PropertyFactory(owner=alice)
        bronze = MembershipFactory(owner=alice, property=house, tier__code="bronze")

        assert "Confirming your payment" in self.back(client, house=house.pk, after=bronze.pk)

        MembershipFactory(owner=alice, tier__code="gold")

        page = self.back(client, house=house.pk, after=bronze.pk)
        assert "Your gold membership is active" in page

    def test_somebody_elses_membership_is_not_ours(self, client, alice):
        MembershipFactory()

        assert "Confirming your payment" in self.back(client, after=0)

    def test_it_writes_nothing(self, client, alice):
        MembershipFactory(owner=alice)
        before = Membership.objects.values().get()

        self.back(client, after=0)

        assert Membership.objects.values().get() == before

    @pytest.mark.parametrize("junk", ["x", "-1", "9" * 40, "\x00", "²", "1e5", ""])
    def test_junk_is_no_error_of_ours(self, client, alice, junk):
        assert "Confirming" in self.back(client, after=junk, look=junk)

    def test_what_the_address_holds_is_escaped(self, client, alice):
        page = self.back(client, look=20, x='"><script>alert(1)</script>')

        assert "<script>alert" not in page
