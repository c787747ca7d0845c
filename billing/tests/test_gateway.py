"""Our calls against a running sandbox, and against nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections

from accounts.tests.factories import OwnerFactory
from billing import gateway
from billing.gateway import checkout
from billing.models import Customer, Membership, Plan
from billing.tests.factories import PlanFactory
from listings.tests.factories import PropertyFactory

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]

PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}


def held(running, kind):
    return running.sandbox.all(kind)


class TestCustomer:
    def test_an_owner_has_one_however_often_they_buy(self, stripe_api):
        owner = OwnerFactory()

        first, second = gateway.ensure_customer(owner), gateway.ensure_customer(owner)

        assert first == second
        assert [customer["email"] for customer in held(stripe_api, "customer")] == [
            owner.user.email
        ]

    def test_a_call_that_was_lost_on_the_way_back_makes_no_second_one(self, stripe_api):
        owner = OwnerFactory()
        gateway.ensure_customer(owner)
        Customer.objects.all().delete()

        gateway.ensure_customer(owner)

        assert len(held(stripe_api, "customer")) == 1

    def test_one_that_was_deleted_at_stripe_is_made_anew(self, stripe_api):
        owner = OwnerFactory()
        first = gateway.ensure_customer(owner).stripe_id
        api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY, base_addresses={"api": stripe_api.url}
        ).v1
        api.customers.delete(first)

        second = gateway.ensure_customer(owner).stripe_id

        assert second not in (first, "")
        assert gateway.ensure_customer(owner).stripe_id == second
        assert gateway.start_checkout(owner, PlanFactory(), house=None, **PAGES)

    def test_one_that_stripe_never_had_is_made_anew(self, stripe_api):
        owner = Customer.objects.create(owner=OwnerFactory(), stripe_id="cus_elsewhere").owner

        assert gateway.ensure_customer(owner).stripe_id == held(stripe_api, "customer")[0]["id"]
        assert Customer.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_calls_at_once_get_the_same_one(self, stripe_api):
        owner = OwnerFactory()
        start, customers = threading.Barrier(2), []

        def ask():
            try:
                start.wait()
                customers.append(gateway.ensure_customer(owner))
            finally:
                connections[connection.alias].close()

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert customers[0] == customers[1]
        assert len(held(stripe_api, "customer")) == 1


class TestPriceList:
    def test_a_price_is_net_and_made_once(self, stripe_api):
        plan = PlanFactory()

        assert gateway.ensure_price(plan) == gateway.ensure_price(plan)
        [price] = held(stripe_api, "price")
        assert (price["unit_amount"], price["tax_behavior"]) == (65_000, "exclusive")
        assert price["recurring"]["interval"] == "year"

    def test_the_prices_of_a_tier_share_its_product(self, stripe_api):
        yearly = PlanFactory()
        monthly = PlanFactory(tier=yearly.tier, cycle="monthly", net_pence=6_500)

        gateway.ensure_price(yearly)
        gateway.ensure_price(monthly)

        [product] = held(stripe_api, "product")
        assert product["metadata"] == {"tier": "silver"}

    def test_sync_plans_makes_all_prices_and_the_second_time_none(self, stripe_api, capsys):
        PlanFactory()
        count = Plan.objects.on_sale().count()

        call_command("sync_plans")
        call_command("sync_plans")

        assert len(held(stripe_api, "price")) == count
        assert f"{count} created, 0 unchanged" in (output := capsys.readouterr().out)
        assert f"0 created, {count} unchanged" in output

    def test_a_new_amount_is_a_new_price_and_the_sold_one_stays_as_it_was(self, stripe_api):
        plan = PlanFactory()
        sold = gateway.ensure_price(plan)
        plan.net_pence = 70_000
        plan.save()

        dearer = gateway.ensure_price(plan)

        amounts = {price["id"]: price["unit_amount"] for price in held(stripe_api, "price")}
        assert amounts == {sold: 65_000, dearer: 70_000}
        assert all(price["active"] for price in held(stripe_api, "price"))

    @pytest.mark.parametrize(
        "other",
        [
            {"unit_amount": 60_000},
            {"currency": "eur"},
            {"recurring": {"interval": "month"}},
            {"tax_behavior": "inclusive"},
        ],
    )
    def test_a_price_of_the_same_name_that_is_another_is_not_sold(self, stripe_api, other):
        plan = PlanFactory()
        api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY, base_addresses={"api": stripe_api.url}
        ).v1
        product = api.products.create({"name": "By hand"}).id
        listed = {"unit_amount": 65_000, "currency": "gbp", "recurring": {"interval": "year"}}
        listed |= {"lookup_key": plan.lookup_key, "tax_behavior": "exclusive"}
        api.prices.create(listed | {"product": product} | other)

        with pytest.raises(gateway.StripeUnavailable, match="not the one shown here"):
            gateway.start_checkout(OwnerFactory(), plan, house=None, **PAGES)
        with pytest.raises(CommandError, match="not the one shown here"):
            call_command("sync_plans")
        assert held(stripe_api, "checkout.session") == []

    def test_sync_plans_fails_when_stripe_does(self):
        PlanFactory()

        with pytest.raises(CommandError, match="yearly: "):
            call_command("sync_plans")


def at_once(running, purchases):
    """Start the checkouts at the same time; return the addresses, or what the owner was told."""
    for owner, plan, _ in purchases:
        gateway.ensure_customer(owner)
        gateway.ensure_price(plan)
        gateway.ensure_vat_rate(plan)
    # Each call is slow enough for all to look before the first one has made its page.
    running.control.faults(api_delay=0.3, count=1000)

    def start(purchase):
        owner, plan, house = purchase
        try:
            return gateway.start_checkout(owner, plan, house=house, **PAGES)
        except gateway.StripeUnavailable as told:
            return str(told)
        finally:
            connections[connection.alias].close()

    with ThreadPoolExecutor(len(purchases)) as threads:
        return list(threads.map(start, purchases))


class TestCheckout:
    def test_owner_house_and_plan_stand_on_session_and_subscription(self, stripe_api):
        house, plan = PropertyFactory(), PlanFactory()
        notes = {
            "owner": str(house.owner.pk),
            "property": str(house.pk),
            "plan": "silver_annual_gbp_65000",
        }

        url = gateway.start_checkout(house.owner, plan, house=house, **PAGES)

        [session] = held(stripe_api, "checkout.session")
        assert session["url"] == url
        assert session["metadata"] == session["_subscription"]["metadata"] == notes
        assert session["client_reference_id"] == str(house.owner.pk)

    def test_vat_comes_on_top(self, stripe_api):
        gateway.start_checkout(OwnerFactory(), PlanFactory(), house=None, **PAGES)

        [session] = held(stripe_api, "checkout.session")
        assert (session["amount_subtotal"], session["amount_total"]) == (65_000, 78_000)

    def test_the_same_purchase_gets_the_same_open_page(self, stripe_api):
        house, plan = PropertyFactory(), PlanFactory()

        pages = {gateway.start_checkout(house.owner, plan, house=house, **PAGES) for _ in range(3)}

        assert len(pages) == 1
        assert len(held(stripe_api, "tax_rate")) == 1

    def test_another_house_gets_another_page(self, stripe_api):
        house, plan = PropertyFactory(), PlanFactory()
        second = PropertyFactory(owner=house.owner)

        pages = {
            gateway.start_checkout(house.owner, plan, house=each, **PAGES)
            for each in (house, second, None)
        }

        assert len(pages) == 3

    def test_another_plan_for_the_same_house_closes_the_first_page(self, stripe_api):
        house, silver = PropertyFactory(), PlanFactory()
        gold = PlanFactory(tier__code="gold", net_pence=85_000)
        elsewhere = gateway.start_checkout(house.owner, silver, house=None, **PAGES)

        first = gateway.start_checkout(house.owner, silver, house=house, **PAGES)
        second = gateway.start_checkout(house.owner, gold, house=house, **PAGES)

        pages = {page["url"]: page for page in held(stripe_api, "checkout.session")}
        assert first not in pages
        assert pages[second]["status"] == pages[elsewhere]["status"] == "open"

    def test_a_page_that_is_paid_at_that_moment_stops_the_second(self, stripe_api, monkeypatch):
        house, silver = PropertyFactory(), PlanFactory()
        gold = PlanFactory(tier__code="gold", net_pence=85_000)
        gateway.start_checkout(house.owner, silver, house=house, **PAGES)
        close = checkout._close

        def pay_and_close(api, pages):
            stripe_api.control.pay(pages[0].id)
            close(api, pages)

        monkeypatch.setattr(checkout, "_close", pay_and_close)

        with pytest.raises(gateway.StripeUnavailable, match="before you pay again"):
            gateway.start_checkout(house.owner, gold, house=house, **PAGES)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("with_house", [True, False], ids=["a house", "no house"])
    def test_four_requests_at_once_leave_one_page_open(self, stripe_api, with_house):
        house, plan = PropertyFactory(), PlanFactory()
        bought_for = house if with_house else None

        urls = at_once(stripe_api, [(house.owner, plan, bought_for)] * 4)

        pages = held(stripe_api, "checkout.session")
        [page] = [page for page in pages if page["status"] == "open"]
        assert len(pages) > 1  # they did cross
        assert page["url"] in urls

    @pytest.mark.django_db(transaction=True)
    def test_two_plans_for_one_house_at_once_leave_one_page_open(self, stripe_api):
        house, silver = PropertyFactory(), PlanFactory()
        gold = PlanFactory(tier__code="gold", net_pence=85_000)

        answers = at_once(stripe_api, [(house.owner, plan, house) for plan in (silver, gold)])

        pages = held(stripe_api, "checkout.session")
        [page] = [page for page in pages if page["status"] == "open"]
        assert len(pages) > 1
        assert page["url"] in answers

    def test_the_same_purchase_after_paying_gets_a_new_page(self, stripe_api):
        owner, plan = OwnerFactory(), PlanFactory()
        first = gateway.start_checkout(owner, plan, house=None, **PAGES)
        stripe_api.control.pay(first.rsplit("/", 1)[1])

        assert gateway.start_checkout(owner, plan, house=None, **PAGES) != first


class TestUnavailable:
    def test_an_unreachable_stripe_is_a_sentence_for_the_owner(self):
        with pytest.raises(gateway.StripeUnavailable, match="Nothing was charged"):
            gateway.start_checkout(OwnerFactory(), PlanFactory(), house=None, **PAGES)
        assert not Membership.objects.exists()
        assert not Customer.objects.exists()

    @pytest.mark.parametrize("status", [400, 401, 402, 429, 500, 503])
    def test_so_is_every_error_that_stripe_answers(self, stripe_api, status):
        stripe_api.control.faults(api_status=status, count=10)

        with pytest.raises(gateway.StripeUnavailable, match="Nothing was charged"):
            gateway.ensure_price(PlanFactory())

    def test_one_hiccup_is_tried_again(self, stripe_api):
        stripe_api.control.faults(api_status=500, count=1)

        assert gateway.ensure_price(PlanFactory())

    def test_a_subscription_that_is_not_there_is_none_and_no_error(self, stripe_api):
        assert gateway.fetch_subscription("sub_none") is None
