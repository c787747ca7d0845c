"""Changing a membership on our pages, against a running sandbox."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import stripe
from django.conf import settings
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import OwnerFactory
from billing import gateway, quotes
from billing.event_handlers import look_again
from billing.models import Customer, Membership, Plan, ScheduledChange
from billing.sync import refresh_membership
from billing.tests.changing_pages import (
    DAY,
    DECLINES,
    PAYS,
    buy,
    confirm,
    half_way,
    invoices,
    plan,
    read,
    seal_on,
    url_of,
)
from billing.tests.factories import MembershipFactory, TierFactory
from billing.tests.sandbox import sandbox_for

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]


@pytest.fixture
def alice(client, stripe_api):
    return half_way(client, stripe_api)


class TestUpgrade:
    def test_the_amount_shown_is_the_amount_charged(self, alice):
        page, answer = confirm(alice, plan("gold"))

        invoice = invoices(alice.running)[-1]
        assert invoice["billing_reason"] == "subscription_update"
        pounds = f"£{invoice['amount_paid'] / 100:.2f}".removesuffix(".00")
        assert f"Pay {pounds} and change" in page
        assert f"{pounds} was charged to your card." in read(answer)

    def test_it_counts_at_once_and_the_renewal_stays(self, alice):
        renewal = alice.membership.renewal_date

        _, answer = confirm(alice, plan("gold"))

        alice.membership.refresh_from_db()
        assert (alice.membership.tier.code, alice.membership.net_pence) == ("gold", 85_000)
        assert alice.membership.renewal_date == renewal
        assert "You have gold now" in read(answer)

    def test_the_page_says_what_is_charged_then_and_when(self, alice):
        page = read(
            alice.client.get(url_of(alice.membership, "membership_change", plan("gold").pk))
        )

        renewal = f"{alice.membership.renewal_date:%-d %B %Y}"
        assert "£850 + £170 VAT = <strong>£1,020</strong>" in page
        assert f"next on {renewal}" in page

    def test_where_the_vat_of_the_plan_was_changed_it_says_what_will_be_charged(self, alice):
        gold = plan("gold")
        Plan.objects.filter(pk=gold.pk).update(vat_basis_points=1_000)

        page, _ = confirm(alice, gold)

        alice.membership.refresh_from_db()
        assert (alice.membership.net_pence, alice.membership.vat_pence) == (85_000, 17_000)
        assert "£850 + £170 VAT = <strong>£1,020</strong>" in page

    def test_with_a_coupon_it_does_not_promise_the_full_price(self, alice):
        base = {"api": alice.running.url}
        api = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses=base).v1
        coupon = api.coupons.create({"percent_off": 50, "duration": "once"}).id
        wish = {"discounts": [{"coupon": coupon}]}
        api.subscriptions.update(alice.membership.stripe_subscription_id, wish)

        address = url_of(alice.membership, "membership_change", plan("gold").pk)
        page = read(alice.client.get(address))

        assert "Your discount comes off that for as long as it runs." in page

    def test_looking_charges_nothing(self, alice):
        alice.client.get(url_of(alice.membership, "membership_change", plan("gold").pk))

        assert len(invoices(alice.running)) == 1

    def test_a_card_that_does_not_pay_leaves_the_old_plan_and_owes_nothing(self, alice):
        alice.running.control.set_card(alice.membership.stripe_customer_id, DECLINES)

        _, answer = confirm(alice, plan("gold"))

        refresh_membership(alice.membership.stripe_subscription_id, now=timezone.now())
        alice.membership.refresh_from_db()
        assert answer.status_code == 402
        assert "Your bank did not pay" in read(answer)
        assert "Change your card" in read(answer)
        assert (alice.membership.tier.code, alice.membership.status) == ("silver", "active")
        assert [each["status"] for each in invoices(alice.running)] == ["paid", "void"]

    def test_after_a_new_card_it_works(self, alice):
        customer = alice.membership.stripe_customer_id
        alice.running.control.set_card(customer, DECLINES)
        confirm(alice, plan("gold"))
        alice.running.control.set_card(customer, PAYS)

        _, answer = confirm(alice, plan("gold"))

        assert "You have gold now" in read(answer)

    def test_a_refused_page_pressed_again_shows_the_amount_anew_and_that_works(self, alice):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        customer = alice.membership.stripe_customer_id
        alice.running.control.set_card(customer, DECLINES)
        page, _ = confirm(alice, gold)
        alice.running.control.set_card(customer, PAYS)

        again = alice.client.post(address, {"seal": seal_on(page)}, follow=True)
        answer = alice.client.post(address, {"seal": seal_on(read(again))}, follow=True)

        assert again.status_code == 200
        assert "The bank refused this payment before" in read(again)
        assert "You have gold now" in read(answer)
        assert [each["status"] for each in invoices(alice.running)] == ["paid", "void", "paid"]

    def test_a_refused_change_of_cycle_says_which_cycle_stays(self, client, stripe_api):
        membership = buy(stripe_api, cycle="monthly")
        stripe_api.control.set_card(membership.stripe_customer_id, DECLINES)
        client.force_login(membership.owner.user)
        who = SimpleNamespace(client=client, membership=membership, running=stripe_api)

        _, answer = confirm(who, plan("silver"))

        assert "the silver membership, monthly, at the same price" in read(answer)
        assert "To change to <strong>silver, yearly</strong>" in read(answer)

    def test_a_second_press_charges_nothing_more(self, alice):
        gold = plan("gold")
        page, _ = confirm(alice, gold)

        address = url_of(alice.membership, "membership_change", gold.pk)
        answer = alice.client.post(address, {"seal": seal_on(page)}, follow=True)

        assert len(invoices(alice.running)) == 2
        assert "You have gold now" in read(answer)

    def test_an_answer_that_got_lost_is_said_and_a_second_press_charges_once(
        self, alice, monkeypatch
    ):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seal = seal_on(read(alice.client.get(address)))
        change_now = gateway.change_now

        def lose_the_answer(*args, **options):
            change_now(*args, **options)
            raise gateway.OutcomeUnknown("It may have gone through or not")

        with monkeypatch.context() as patch:
            patch.setattr(gateway, "change_now", lose_the_answer)
            told = read(alice.client.post(address, {"seal": seal}, follow=True))
        answer = read(alice.client.post(address, {"seal": seal}, follow=True))

        assert "It may have gone through or not" in told
        assert len(invoices(alice.running)) == 2
        assert "was charged" not in answer

    @pytest.mark.parametrize(
        ("status", "told"), [(500, "has not confirmed the change"), (400, "Nothing was charged")]
    )
    def test_a_stripe_that_fails_at_the_change_charges_nothing(
        self, alice, monkeypatch, status, told
    ):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seal = seal_on(read(alice.client.get(address)))
        change_now = gateway.change_now

        def change_with_faults(*args, **options):
            alice.running.control.faults(api_status=status, count=2)
            return change_now(*args, **options)

        monkeypatch.setattr(gateway, "change_now", change_with_faults)

        answer = read(alice.client.post(address, {"seal": seal}, follow=True))

        assert told in answer
        assert len(invoices(alice.running)) == 1

    def test_a_changed_amount_is_said_and_not_charged(self, alice):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        shown = quotes.Seal.read(seal_on(read(alice.client.get(address))), alice.membership, gold)
        cheaper = quotes.Seal(**vars(shown) | {"due_pence": shown.due_pence - 100})

        answer = alice.client.post(address, {"seal": str(cheaper)})

        assert "The amount has changed" in read(answer)
        assert len(invoices(alice.running)) == 1

    def test_what_another_window_changed_meanwhile_is_not_called_uncharged(
        self, alice, monkeypatch
    ):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seals = [seal_on(read(alice.client.get(address))) for _ in range(2)]
        ask = quotes.quote

        def ask_after_the_other_window(*args, **options):
            monkeypatch.setattr(quotes, "quote", ask)
            alice.client.post(address, {"seal": seals[0]})
            return ask(*args, **options)

        monkeypatch.setattr(quotes, "quote", ask_after_the_other_window)

        answer = read(alice.client.post(address, {"seal": seals[1]}, follow=True))

        assert "You have gold now" in answer
        assert "The amount has changed" not in answer
        assert len(invoices(alice.running)) == 2

    @pytest.mark.parametrize("seal", ["", "junk", "\x00", "x" * 5000, "a:b:c"])
    def test_a_forged_or_missing_seal_charges_nothing(self, alice, seal):
        answer = alice.client.post(
            url_of(alice.membership, "membership_change", plan("gold").pk),
            {"seal": seal},
            follow=True,
        )

        assert "Nothing was charged" in read(answer)
        assert len(invoices(alice.running)) == 1

    def test_a_seal_for_another_plan_charges_nothing(self, alice):
        gold, monthly = plan("gold"), plan("gold", "monthly")
        address = url_of(alice.membership, "membership_change", gold.pk)
        page = read(alice.client.get(address))
        seal = quotes.Seal.read(seal_on(page), alice.membership, gold)
        other = quotes.Seal(**vars(seal) | {"plan": monthly.pk})

        alice.client.post(address, {"seal": str(other)})

        assert len(invoices(alice.running)) == 1

    def test_it_drops_a_change_planned_before(self, alice):
        confirm(alice, plan("bronze"))

        confirm(alice, plan("gold"))

        assert not ScheduledChange.objects.exists()
        assert alice.running.sandbox.all("subscription")[0]["schedule"] is None


class TestFromMonthlyToYearly:
    @pytest.fixture
    def bob(self, client, stripe_api):
        """Bob pays silver by the month, and has planned bronze."""
        membership = buy(stripe_api, cycle="monthly")
        client.force_login(membership.owner.user)
        bob = SimpleNamespace(client=client, membership=membership, running=stripe_api)
        confirm(bob, plan("bronze", "monthly"))
        return bob

    @pytest.mark.parametrize("tier", ["silver", "gold"])
    def test_beside_a_planned_change_that_has_to_be_dropped_first(self, bob, tier):
        address = url_of(bob.membership, "membership_change", plan(tier).pk)

        answer = bob.client.get(address, follow=True)

        assert f"drop it here, then choose {tier}, yearly, again" in read(answer)
        assert "Once you drop it, the change to bronze, monthly" in read(answer)
        assert len(invoices(bob.running)) == 1

    def test_once_that_is_dropped_it_works(self, bob):
        bob.client.post(url_of(bob.membership, "membership_drop_plan"))

        page, answer = confirm(bob, plan("silver"))

        assert "From silver, monthly, to silver, yearly" in page
        assert "You have silver now" in read(answer)

    def test_once_what_was_planned_has_come_it_works(self, bob):
        bob.running.control.advance(32 * DAY)
        refresh_membership(bob.membership.stripe_subscription_id, now=timezone.now())

        _, answer = confirm(bob, plan("bronze"))

        assert "You have bronze now" in read(answer)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_charge_once(stripe_api):
    membership, gold = buy(stripe_api), plan("gold")
    gateway.ensure_price(gold)
    address = reverse("membership_change", args=[membership.pk, gold.pk])
    clients = [Client(), Client()]
    for each in clients:
        each.force_login(membership.owner.user)
    seal = seal_on(read(clients[0].get(address)))
    stripe_api.control.faults(api_delay=0.2, count=1000)
    start = threading.Barrier(2)

    def press(client):
        try:
            start.wait()
            return client.post(address, {"seal": seal}).status_code
        finally:
            connections[connection.alias].close()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(press, clients))

    assert answers == [302, 302]
    assert len(invoices(stripe_api)) == 2


class TestDowngrade:
    def test_it_waits_for_the_renewal_and_charges_nothing_now(self, alice):
        page, answer = confirm(alice, plan("bronze"))

        [change] = ScheduledChange.objects.all()
        assert "Nothing is charged now" in page
        assert (change.tier.code, change.net_pence, change.vat_pence) == ("bronze", 45_000, 9_000)
        assert change.starts_on == alice.membership.renewal_date
        assert "The change is planned" in read(answer)
        assert len(invoices(alice.running)) == 1

    def test_the_renewal_brings_it(self, alice):
        confirm(alice, plan("bronze"))

        alice.running.control.advance(190 * DAY)
        membership = refresh_membership(alice.membership.stripe_subscription_id, now=timezone.now())

        assert (membership.tier.code, membership.net_pence) == ("bronze", 45_000)
        assert membership.last_payment_amount_pence == 54_000
        assert not ScheduledChange.objects.exists()

    def test_another_choice_takes_the_place_of_the_first(self, alice):
        confirm(alice, plan("bronze"))

        confirm(alice, plan("silver", "monthly"))

        [change] = ScheduledChange.objects.all()
        assert (change.tier.code, change.billing_cycle) == ("silver", "monthly")

    def test_planned_and_dropped_twice_at_once_it_is_planned_and_dropped_once(self, alice):
        before = gateway.fetch_subscription(alice.membership.stripe_subscription_id)
        bronze = plan("bronze")
        options = {"vat_rate": gateway.ensure_vat_rate(bronze), "interval": "year"}

        for _ in range(2):
            gateway.plan_change(before, gateway.ensure_price(bronze), **options)
        planned = gateway.fetch_subscription(before["id"])
        for _ in range(2):
            gateway.drop_plan(planned)

        assert len(alice.running.sandbox.all("subscription_schedule")) == 1
        assert gateway.fetch_subscription(before["id"])["schedule"] is None

    def test_a_price_changed_since_it_was_shown_is_shown_and_not_planned(self, alice):
        bronze = plan("bronze")
        address = url_of(alice.membership, "membership_change", bronze.pk)
        seal = seal_on(read(alice.client.get(address)))
        Plan.objects.filter(pk=bronze.pk).update(net_pence=50_000)

        answer = read(alice.client.post(address, {"seal": seal}, follow=True))

        assert "Nothing was charged" in answer
        assert "£500 + £100 VAT" in answer
        assert not ScheduledChange.objects.exists()

    def test_a_form_to_pay_now_plans_nothing(self, alice):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seal = seal_on(read(alice.client.get(address)))
        platinum = TierFactory(code="platinum", rank=gold.tier.rank + 1)
        Membership.objects.update(tier=platinum)

        answer = read(alice.client.post(address, {"seal": seal}, follow=True))

        assert "Nothing was charged" in answer
        assert "Plan the change" in answer
        assert not ScheduledChange.objects.exists()

    def test_a_form_to_plan_charges_nothing_now(self, alice):
        bronze = plan("bronze")
        address = url_of(alice.membership, "membership_change", bronze.pk)
        seal = seal_on(read(alice.client.get(address)))
        Membership.objects.update(tier=TierFactory(code="tin", rank=bronze.tier.rank - 1))

        answer = read(alice.client.post(address, {"seal": seal}, follow=True))

        assert "Nothing was charged" in answer
        assert len(invoices(alice.running)) == 1
        assert not ScheduledChange.objects.exists()

    def test_it_can_be_dropped(self, alice):
        confirm(alice, plan("bronze"))

        answer = alice.client.post(url_of(alice.membership, "membership_drop_plan"), follow=True)

        assert not ScheduledChange.objects.exists()
        assert "The planned change is dropped" in read(answer)

    def test_the_dashboard_shows_it_with_the_charge_to_come(self, alice):
        confirm(alice, plan("bronze"))

        page = read(alice.client.get(reverse("dashboard")))

        assert "Bronze, yearly, from" in page
        assert "£450 + £90 VAT = <strong>£540</strong>" in page


class TestSwitchOfCycle:
    def test_from_monthly_to_yearly_is_at_once_with_the_rest_of_the_month_given_back(
        self, client, stripe_api
    ):
        membership = buy(stripe_api, cycle="monthly")
        client.force_login(membership.owner.user)
        who = SimpleNamespace(client=client, membership=membership, running=stripe_api)

        page, _ = confirm(who, plan("silver"))

        membership.refresh_from_db()
        assert membership.billing_cycle == "annual"
        assert "Unused time on" in page
        assert invoices(stripe_api)[-1]["amount_paid"] < 78_000

    def test_from_yearly_to_monthly_waits_for_the_renewal(self, alice):
        page, _ = confirm(alice, plan("silver", "monthly"))

        assert "Nothing is charged now" in page
        assert ScheduledChange.objects.get().billing_cycle == "monthly"


class TestCancel:
    def test_it_ends_with_what_is_paid_and_nothing_more_is_charged(self, alice):
        address = url_of(alice.membership, "membership_cancel")
        page = read(alice.client.get(address))

        answer = alice.client.post(address, follow=True)

        membership = Membership.objects.get()
        assert f"It ends on {alice.membership.renewal_date:%-d %B %Y}" in page
        assert "Nothing more is charged" in page
        assert (membership.status, membership.auto_renew) == ("expiring_soon", False)
        assert membership.end_date == alice.membership.renewal_date
        assert "It is cancelled" in read(answer)

    @pytest.mark.parametrize("status", ["paused", "pending_approval"])
    def test_of_a_house_that_is_not_on_show_it_does_not_say_that_guests_find_it(
        self, alice, status
    ):
        house = alice.membership.property
        type(house).objects.update(status=status)

        page = read(alice.client.get(url_of(alice.membership, "membership_cancel")))

        assert f"Guests do not find {house} now: it is {status.replace('_', ' ')}." in page
        assert "until that day. Then the listing" not in page

    def test_what_is_past_due_is_cancelled_without_being_called_paid(self, alice):
        alice.running.control.set_card(alice.membership.stripe_customer_id, DECLINES)
        alice.running.control.advance(190 * DAY)
        refresh_membership(alice.membership.stripe_subscription_id, now=timezone.now())
        address = url_of(alice.membership, "membership_cancel")
        page = read(alice.client.get(address))

        answer = read(alice.client.post(address, follow=True))

        membership = Membership.objects.get()
        dashboard = read(alice.client.get(reverse("dashboard")))
        next_try = f"{membership.next_payment_date:%-d %B %Y}"
        assert (membership.status, membership.auto_renew) == ("past_due", False)
        assert "It is paid until then" not in page
        assert f"is tried again, next on {next_try}" in page
        assert "It is cancelled" in answer
        assert f"Ends on {membership.end_date:%-d %B %Y}" in dashboard
        assert f"Next try on {next_try}" in dashboard
        assert url_of(membership, "membership_keep") in dashboard

    def test_it_drops_a_planned_change(self, alice):
        confirm(alice, plan("bronze"))

        alice.client.post(url_of(alice.membership, "membership_cancel"))

        assert Membership.objects.get().status == "expiring_soon"
        assert not ScheduledChange.objects.exists()

    def test_one_that_only_drops_the_planned_change_says_so(self, alice, monkeypatch):
        confirm(alice, plan("bronze"))
        drop_plan = gateway.changes.drop_plan

        def drop_and_fail(subscription):
            drop_plan(subscription)
            alice.running.control.faults(api_status=400, count=1)

        monkeypatch.setattr(gateway.changes, "drop_plan", drop_and_fail)

        answer = alice.client.post(url_of(alice.membership, "membership_cancel"))

        assert answer.status_code == 503
        assert "The change that you had chosen is dropped" in read(answer)
        assert alice.running.sandbox.all("subscription")[0]["schedule"] is None

    def test_it_can_be_taken_back(self, alice):
        alice.client.post(url_of(alice.membership, "membership_cancel"))
        page = read(alice.client.get(url_of(alice.membership, "membership_keep")))

        answer = alice.client.post(url_of(alice.membership, "membership_keep"), follow=True)

        assert "£650 + £130 VAT = <strong>£780</strong>" in page
        assert Membership.objects.get().status == "active"
        assert "Your membership goes on" in read(answer)

    def test_one_that_was_cancelled_in_the_portal_can_be_taken_back_here(self, alice):
        subscription = alice.membership.stripe_subscription_id
        alice.running.control.cancel(subscription)
        refresh_membership(subscription, now=timezone.now())

        alice.client.post(url_of(alice.membership, "membership_keep"))

        assert Membership.objects.get().status == "active"

    def test_cancel_keep_and_cancel_again_cancels(self, alice):
        for name in ("membership_cancel", "membership_keep", "membership_cancel"):
            alice.client.post(url_of(alice.membership, name))

        assert Membership.objects.get().status == "expiring_soon"

    def test_a_monthly_plan_ends_with_its_twelve_months(self, client, stripe_api):
        membership = buy(stripe_api, cycle="monthly")
        client.force_login(membership.owner.user)
        page = read(client.get(url_of(membership, "membership_cancel")))

        client.post(url_of(membership, "membership_cancel"))

        after = Membership.objects.get()
        start = membership.start_date
        assert (after.end_date.year, after.end_date.month) == (start.year + 1, start.month)
        assert "You took this plan for 12 months" in page
        assert "£78" in page

    def test_a_monthly_plan_older_than_that_ends_with_its_month(self, client, stripe_api):
        stripe_api.control.freeze(int(timezone.now().timestamp()) - 380 * DAY)
        membership = buy(stripe_api, cycle="monthly")
        stripe_api.control.advance(380 * DAY)
        membership = refresh_membership(membership.stripe_subscription_id, now=timezone.now())
        client.force_login(membership.owner.user)

        client.post(url_of(membership, "membership_cancel"))

        assert Membership.objects.get().end_date == membership.renewal_date


def test_a_change_planned_at_stripe_is_seen_by_its_webhook(alice):
    """Staff did it in Stripe's dashboard; the event is all that we hear."""
    bronze = plan("bronze")
    subscription = gateway.fetch_subscription(alice.membership.stripe_subscription_id)
    rate = gateway.ensure_vat_rate(bronze)
    gateway.plan_change(subscription, gateway.ensure_price(bronze), vat_rate=rate, interval="year")

    schedule = {"object": "subscription_schedule", "subscription": subscription["id"]}
    look_again({"type": "subscription_schedule.updated", "data": {"object": schedule}})

    assert ScheduledChange.objects.get().tier == bronze.tier


class TestBadInput:
    def test_a_wrong_key_is_said_to_the_owner_and_leaves_no_row(self, client, settings):
        owner, silver = OwnerFactory(), plan("silver")
        client.force_login(owner.user)

        with sandbox_for(settings, secret_key="sk_test_another0000000000000000"):
            answer = client.post(reverse("checkout", args=[silver.pk]))

        assert answer.status_code == 503
        assert "Nothing was charged" in read(answer)
        assert not Customer.objects.exists()
        assert not Membership.objects.exists()

    def test_a_price_list_in_another_currency_is_refused_by_the_database(self):
        silver = plan("silver")
        silver.currency = "eur"

        with pytest.raises(IntegrityError, match="plan_is_in_pounds"), transaction.atomic():
            silver.save()

    def test_the_portal_of_a_customer_deleted_at_stripe_says_so(self, alice):
        api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY, base_addresses={"api": alice.running.url}
        ).v1
        api.customers.delete(Customer.objects.get().stripe_id)

        answer = alice.client.post(reverse("billing_portal"))

        assert answer.status_code == 503
        assert "has been closed" in read(answer)

    @pytest.mark.parametrize(
        "name", ["membership_plans", "membership_drop_plan", "membership_cancel", "membership_keep"]
    )
    def test_another_owners_membership_is_a_404(self, client, name):
        client.force_login(OwnerFactory().user)

        assert client.get(url_of(MembershipFactory(), name)).status_code == 404
        assert client.post(url_of(MembershipFactory(), name)).status_code in (404, 405)

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_changing_another_owners_membership_is_a_404(self, client, method):
        client.force_login(OwnerFactory().user)
        address = url_of(MembershipFactory(), "membership_change", plan("gold").pk)

        assert getattr(client, method)(address).status_code == 404

    def test_another_owners_result_is_a_404(self, client):
        client.force_login(OwnerFactory().user)

        address = url_of(MembershipFactory(), "membership_changed")
        assert client.get(address, {"what": "now"}).status_code == 404

    @pytest.mark.parametrize("junk", [{}, {"what": "x"}, {"what": "\x00"}])
    def test_a_result_of_nothing_is_a_404(self, client, junk):
        membership = MembershipFactory()
        client.force_login(membership.owner.user)

        assert client.get(url_of(membership, "membership_changed"), junk).status_code == 404

    @pytest.mark.parametrize("junk", ["x", "-1", "9" * 40, "\x00", "²"])
    def test_junk_in_the_address_of_a_result_is_no_error_of_ours(self, client, junk):
        membership = MembershipFactory()
        client.force_login(membership.owner.user)

        answer = client.get(
            url_of(membership, "membership_changed"), {"what": "now", "plan": junk, "look": junk}
        )

        assert answer.status_code == 200

    def test_with_stripe_away_the_page_says_so(self, client):
        membership = MembershipFactory()
        client.force_login(membership.owner.user)

        for name in ("membership_cancel", "membership_keep"):
            answer = client.get(url_of(membership, name))
            assert answer.status_code == 503
            assert "Changing your membership is not available right now" in read(answer)

    def test_a_customer_deleted_at_stripe_has_an_ended_membership(self, alice):
        api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY, base_addresses={"api": alice.running.url}
        ).v1
        api.customers.delete(Customer.objects.get().stripe_id)

        answer = alice.client.get(url_of(alice.membership, "membership_cancel"), follow=True)

        assert "This membership has ended" in read(answer)
        assert Membership.objects.get().status == "cancelled"

    def test_a_subscription_that_stripe_does_not_have_is_said_to_have_ended(
        self, client, stripe_api
    ):
        membership = MembershipFactory()
        client.force_login(membership.owner.user)

        answer = client.get(url_of(membership, "membership_cancel"), follow=True)

        assert "This membership has ended" in read(answer)

    @pytest.mark.parametrize(
        ("status", "why"),
        [
            ("past_due", "change your card first"),
            ("expiring_soon", "Keep it first"),
            ("expired", "has ended"),
        ],
    )
    def test_why_no_plan_can_be_chosen_is_said(self, client, status, why):
        membership = MembershipFactory(status=status)
        client.force_login(membership.owner.user)
        plan("gold")

        page = read(client.get(url_of(membership, "membership_plans")))

        assert why in page
        assert "See what it costs" not in page

    def test_a_plan_that_cannot_be_chosen_is_not_changed_to_by_its_address(self, client):
        membership = MembershipFactory(status="past_due")
        client.force_login(membership.owner.user)

        answer = client.post(url_of(membership, "membership_change", plan("gold").pk), follow=True)

        assert answer.redirect_chain[-1][0] == url_of(membership, "membership_plans")
        assert "change your card first" in read(answer)
