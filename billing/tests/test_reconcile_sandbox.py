"""Reconcile against the sandbox over HTTP.

Failures of the predecessor covered (by the numbers of its list): 1 money taken and nothing
recorded, 2 one payment twice, 7 renewals that extended nothing, 26 no reconciliation.
"""

import json
import signal

import pytest
import stripe
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from billing import gateway
from billing.gateway.changes import plan_change
from billing.locks import holding
from billing.models import (
    Membership,
    Payment,
    ReconcileRun,
    ScheduledChange,
    SubscriptionProblem,
    Tier,
)
from billing.models.revenue import SubscriptionMoment
from billing.sync import refresh_membership
from billing.tests.factories import MembershipFactory, PlanFactory
from listings.tests.factories import PropertyFactory

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]

DAY = 86_400
PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
PAYS = "4242424242424242"
PAYS_ONCE = "4000000000000341"


def api(running):
    base = {"api": running.url}
    return stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses=base).v1


def buy(running, card=PAYS):
    """Buy a membership at Stripe, of which we are told nothing; return the subscription's id."""
    house = PropertyFactory()
    url = gateway.start_checkout(house.owner, PlanFactory(), house=house, **PAGES)
    running.control.pay(url.rsplit("/", 1)[1], card)
    return api(running).subscriptions.list({"limit": 1}).data[0].id


def change_at_renewal(subscription_id, plan, interval):
    plan_change(
        gateway.fetch_subscription(subscription_id),
        gateway.ensure_price(plan),
        vat_rate=gateway.ensure_vat_rate(plan),
        interval=interval,
    )


def invoice_of(running, subscription_id):
    wish = {"subscription": subscription_id, "expand": ["data.payments"], "limit": 1}
    return api(running).invoices.list(wish).data[0].to_dict()


def intent_of(invoice):
    return invoice["payments"]["data"][0]["payment"]["payment_intent"]


def charge_of(running, invoice):
    return api(running).payment_intents.retrieve(intent_of(invoice)).latest_charge


def rows():
    """Memberships and payments as they stand, without keys and times of our own."""
    hidden = {"id", "created_at", "updated_at", "membership_id"}
    querysets = (
        Membership.objects.order_by("stripe_subscription_id"),
        Payment.objects.order_by("stripe_object_id", "step"),
    )
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for queryset in querysets
        for row in queryset.values()
    ]


def reconcile(*arguments):
    call_command("stripe_reconcile", *arguments)


def delete_payments(*keep):
    """Lose rows as a restored backup does; PostgreSQL guards them even against that."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config('gatehouse.mending_ledger', 'on', true)")
        for pk in Payment.objects.exclude(pk__in=keep).values_list("pk", flat=True):
            cursor.execute("DELETE FROM billing_payment WHERE id = %s", [pk])
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config('gatehouse.mending_ledger', 'off', true)")


class TestARestoredDatabase:
    @pytest.mark.parametrize("since", [False, True], ids=["everything", "since yesterday"])
    def test_it_catches_up_with_all_that_happened_today(self, stripe_api, since):
        stayed, leaves, lapses = buy(stripe_api), buy(stripe_api), buy(stripe_api, PAYS_ONCE)
        reconcile()
        backup = list(Membership.objects.values())
        paid = list(Payment.objects.values_list("pk", flat=True))
        today = stripe_api.control.now() + DAY
        self.play_today(stripe_api, stayed, leaves)
        reconcile()
        before = rows()
        delete_payments(*paid)
        Membership.objects.exclude(pk__in=[row["id"] for row in backup]).delete()
        for row in backup:
            Membership.objects.filter(pk=row.pop("id")).update(**row)
        assert rows() != before

        day = timezone.datetime.fromtimestamp(today, timezone.get_current_timezone()).date()
        reconcile(*([f"--since={day.isoformat()}"] if since else []))

        assert rows() == before
        assert {row["status"] for row in before[:4]} == {"active", "cancelled", "expired"}
        assert lapses in {row["stripe_subscription_id"] for row in before[:4]}

    def play_today(self, running, stayed, leaves):
        """A renewal, a lapse, a refund, a dispute, a credit note, an end, and a new member."""
        running.control.advance(366 * DAY)
        invoice = invoice_of(running, stayed)
        api(running).refunds.create({"payment_intent": intent_of(invoice), "amount": 10_000})
        note = {"invoice": invoice["id"], "amount": 12_345, "credit_amount": 12_345}
        api(running).credit_notes.create(note)
        disputed = charge_of(running, invoice_of(running, leaves))
        running.control.dispute(disputed)
        dispute = api(running).disputes.list({"charge": disputed}).data[0].id
        running.control.close_dispute(dispute, won=True)
        running.control.cancel(leaves, at_period_end=False)
        buy(running)
        running.control.advance(20 * DAY)


class TestMoney:
    def test_each_kind_becomes_its_row_once_and_the_figures_add_up(self, stripe_api):
        bought = buy(stripe_api)
        invoice = invoice_of(stripe_api, bought)
        note = {"invoice": invoice["id"], "amount": 10_000, "refund_amount": 10_000}
        api(stripe_api).credit_notes.create(note)
        charge = charge_of(stripe_api, invoice)
        stripe_api.control.dispute(charge, amount=5_000)

        refresh_membership(bought, now=timezone.now())
        refresh_membership(bought, now=timezone.now())

        found = Payment.objects.order_by("pk").values_list(
            "kind", "net_pence", "vat_pence", "gross_pence", "fee_pence"
        )
        assert list(found) == [
            ("invoice", 65_000, 13_000, 78_000, 1_190),
            ("refund", -8_333, -1_667, -10_000, 0),
            ("dispute", -4_167, -833, -5_000, 2_000),
        ]

    def test_a_dispute_that_is_won_gives_the_money_back_as_a_row_of_its_own(self, stripe_api):
        bought = buy(stripe_api)
        charge = charge_of(stripe_api, invoice_of(stripe_api, bought))
        stripe_api.control.dispute(charge)
        refresh_membership(bought, now=timezone.now())
        dispute = api(stripe_api).disputes.list({"charge": charge}).data[0].id
        stripe_api.control.close_dispute(dispute, won=True)

        refresh_membership(bought, now=timezone.now())

        found = Payment.objects.filter(stripe_object_id=dispute).order_by("step")
        assert [(row.step, row.gross_pence, row.vat_pence) for row in found] == [
            (1, -78_000, -13_000),
            (2, 78_000, 13_000),
        ]


class TestTheCommand:
    def test_a_dry_run_says_each_difference_in_words_and_writes_nothing(self, stripe_api, capsys):
        buy(stripe_api)

        with pytest.raises(CommandError, match="1 subscription differs") as error:
            reconcile("--dry-run")

        assert error.value.returncode == 1
        assert "exists only at Stripe, where it is active" in capsys.readouterr().out
        assert not Membership.objects.exists()
        assert not SubscriptionMoment.objects.exists()
        assert not ReconcileRun.objects.exists()

    def test_events_that_never_came_in_are_learnt_of_once(self, stripe_api, capsys):
        buy(stripe_api)

        reconcile()
        reconcile()

        learnt = SubscriptionMoment.objects.filter(source_id__startswith="evt_").count()
        second, first = (run.counts["missed_events"] for run in ReconcileRun.objects.all())
        assert (first, second) == (learnt, 0)
        assert capsys.readouterr().out.count(f"never came in, learnt of: {learnt}.") == 1

    def test_a_repair_leaves_nothing_to_do_for_the_next(self, stripe_api, capsys):
        buy(stripe_api)
        reconcile()
        capsys.readouterr()

        reconcile("--json")

        report = json.loads(capsys.readouterr().out)
        assert (report["subscriptions"], report["found"], report["list"]) == (1, 0, [])
        assert [run.found for run in ReconcileRun.objects.all()] == [0, 1]

    def test_what_was_changed_here_by_hand_is_named_and_put_right(self, stripe_api, capsys):
        bought = buy(stripe_api)
        reconcile()
        Membership.objects.update(status="past_due", payment_failure_count=2)

        reconcile()

        told = capsys.readouterr().out
        assert "Status is “Past due” here and “Active” at Stripe." in told
        assert "Payment failure count is 2 here and 0 at Stripe." in told
        assert Membership.objects.get(stripe_subscription_id=bought).status == "active"

    def test_a_change_that_is_planned_at_stripe_is_found_and_kept(self, stripe_api, capsys):
        bought = buy(stripe_api)
        reconcile()
        change_at_renewal(bought, PlanFactory(cycle="monthly", net_pence=6_500), "month")

        reconcile()

        assert "Its change at the next renewal is nothing here and Silver monthly from" in (
            capsys.readouterr().out
        )
        assert ScheduledChange.objects.get().billing_cycle == "monthly"

    def test_it_stops_between_two_steps_and_says_how_far_it_came(self, stripe_api, monkeypatch):
        for _ in range(2):
            buy(stripe_api)

        def repair_and_be_interrupted(subscription_id, *, now):
            refresh_membership(subscription_id, now=now)
            signal.raise_signal(signal.SIGTERM)

        monkeypatch.setattr("billing.reconcile.run.refresh_membership", repair_and_be_interrupted)

        with pytest.raises(CommandError, match="Stopped. 1 of 2 compared, 1 repaired") as error:
            reconcile()

        assert error.value.returncode == 128 + signal.SIGTERM
        assert Membership.objects.count() == 1
        run = ReconcileRun.objects.get()
        assert (run.error, run.found) == ("It was stopped before the end.", 1)

    def test_what_another_is_working_on_is_left_for_the_next_time(self, stripe_api, monkeypatch):
        bought = buy(stripe_api)
        monkeypatch.setattr("billing.locks.WAIT_SECONDS", 0.1)

        with holding(bought, seconds=0), pytest.raises(CommandError) as error:
            reconcile()

        assert error.value.returncode == 1
        reconcile()
        assert Membership.objects.exists()

    def test_one_that_cannot_be_read_is_said_and_parked(self, stripe_api, capsys):
        buy(stripe_api)
        Tier.objects.filter(code="silver").update(code="platinum")

        with pytest.raises(CommandError, match="1 subscription differs"):
            reconcile()

        assert "It cannot be read. No plan in the price list fits" in capsys.readouterr().out
        assert SubscriptionProblem.objects.open().exists()

    @pytest.mark.parametrize("since", [[], ["--since=2100-01-01"]], ids=["all", "recent"])
    def test_a_member_on_an_unknown_price_is_told_of_in_each_run(self, stripe_api, capsys, since):
        buy(stripe_api)
        reconcile()
        Tier.objects.filter(code="silver").update(code="platinum")

        with pytest.raises(CommandError, match="1 subscription differs"):
            reconcile(*since)

        assert "Its price cannot be read. No plan in the price list fits" in capsys.readouterr().out

    def test_a_planned_change_to_an_unknown_price_is_told_of_and_the_rest_repaired(
        self, stripe_api, capsys
    ):
        bought, bronze = buy(stripe_api), PlanFactory(tier__code="bronze", net_pence=45_000)
        reconcile()
        change_at_renewal(bought, bronze, "year")
        Tier.objects.filter(code="bronze").update(code="platinum")
        Membership.objects.update(auto_renew=False)

        with pytest.raises(CommandError, match="1 subscription differs"):
            reconcile()

        said = capsys.readouterr().out
        assert "Its planned change cannot be read. No plan in the price list fits" in said
        assert Membership.objects.get().auto_renew is True

    def test_a_stripe_out_of_reach_is_said_in_a_sentence(self, stripe_api, settings):
        settings.STRIPE_API_HOST = "http://127.0.0.1:1"

        with pytest.raises(CommandError) as error:
            reconcile()

        assert str(error.value) == (
            "Stripe cannot be reached. Nothing was compared yet, and nothing changed. Run it again."
        )
        assert ReconcileRun.objects.get().error == "Stripe cannot be reached."

    def test_a_refused_key_is_said_in_a_sentence(self, stripe_api, settings):
        settings.STRIPE_SECRET_KEY = "sk_live_refused"

        with pytest.raises(CommandError, match="Stripe did not answer as it should") as error:
            reconcile("--dry-run")

        assert error.value.returncode == 2

    @pytest.mark.parametrize("since", ["yesterday", "2026-13-45"])
    def test_a_day_that_is_none_is_refused(self, since):
        with pytest.raises(CommandError, match=f"“{since}” is not a day. .*: 2026-08-31"):
            reconcile(f"--since={since}")

    def test_a_membership_that_stripe_does_not_know_is_left_for_a_person(self, stripe_api, capsys):
        MembershipFactory(stripe_subscription_id="sub_elsewhere")

        with pytest.raises(CommandError, match="1 subscription differs from Stripe"):
            reconcile()

        assert "Stripe does not know this subscription" in capsys.readouterr().out
        problem = SubscriptionProblem.objects.open().get()
        assert problem.stripe_subscription_id == "sub_elsewhere"
        assert ReconcileRun.objects.get().differences == 1

    def test_silence_in_the_middle_leaves_what_is_done_and_says_so(self, stripe_api, monkeypatch):
        first, second = buy(stripe_api), buy(stripe_api)
        looked_at = []
        real = gateway.fetch_subscription

        def fall_silent(subscription_id):
            if set(looked_at) >= {first, second} - {subscription_id} and looked_at:
                raise gateway.StripeUnavailable("for owners")
            return real(subscription_id)

        def remember(subscription_id, *, now):
            looked_at.append(subscription_id)
            return refresh_membership(subscription_id, now=now)

        monkeypatch.setattr("billing.reconcile.run.refresh_membership", remember)
        monkeypatch.setattr(gateway, "fetch_subscription", fall_silent)

        with pytest.raises(CommandError, match="Stripe did not answer") as error:
            reconcile()

        assert error.value.returncode == 2
        assert "1 of 2 compared, 1 repaired, which stays so" in str(error.value)
        assert Membership.objects.count() == 1
        assert "did not answer" in ReconcileRun.objects.get().error

    def test_a_few_calls_list_a_hundred_subscriptions(self, stripe_api, monkeypatch):
        for _ in range(3):
            buy(stripe_api)
        reconcile()
        asked = []
        real = stripe.RequestsClient.request

        def count(self, method, url, *args, **kwargs):
            asked.append(url)
            return real(self, method, url, *args, **kwargs)

        monkeypatch.setattr(stripe.RequestsClient, "request", count)

        reconcile()

        assert len(asked) == 8  # one page each of six kinds and of events, and the prices
