"""An upgrade whose payment the bank wants confirmed: waiting, confirmed, taken back, forgotten."""

import datetime
import html
import re

import pytest
import requests
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import gateway
from billing.dunning import episodes
from billing.models import (
    Episode,
    IncomingEvent,
    Membership,
    Payment,
    PendingChange,
    ScheduledChange,
)
from billing.quotes import Seal
from billing.state import membership_state
from billing.stripe_shapes import owed_or_settled
from billing.sync import refresh_membership
from billing.tests.changing_pages import (
    ASKS,
    DECLINES,
    PAYS,
    confirm,
    half_way,
    invoices,
    plan,
    read,
    seal_on,
    url_of,
)
from billing.tests.factories import MembershipFactory, PendingChangeFactory
from billing.tests.stripe_objects import at, make_invoice, make_item, make_price, make_subscription

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]

HOURS = 3600
NOON = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def alice(client, stripe_api):
    """Alice, whose bank wants every payment confirmed."""
    alice = half_way(client, stripe_api)
    stripe_api.control.set_card(alice.membership.stripe_customer_id, ASKS)
    return alice


@pytest.fixture
def waiting(alice):
    """The same, once she has chosen gold."""
    _, alice.answer = confirm(alice, plan("gold"))
    return alice


def now(who):
    return refresh_membership(who.membership.stripe_subscription_id, now=timezone.now())


def statuses(who):
    return [each["status"] for each in invoices(who.running)]


def shown(who):
    """The seal on the page that offers to take the change back."""
    return seal_on(read(who.client.get(url_of(who.membership, "membership_take_back"))))


def take_back(who, seal=None):
    seal = shown(who) if seal is None else seal
    address = url_of(who.membership, "membership_take_back")
    return who.client.post(address, {"seal": seal}, follow=True)


class TestWaiting:
    def test_the_page_says_what_happens_and_leads_to_where_it_is_confirmed(self, waiting):
        page, invoice = read(waiting.answer), invoices(waiting.running)[-1]

        assert waiting.answer.status_code == 200
        assert "Your bank wants you to confirm this payment" in page
        assert "Your plan changes to gold, yearly, as soon as you have." in page
        assert f'href="{invoice["hosted_invoice_url"]}"' in page

    def test_the_membership_is_as_it_was_and_nothing_is_owed(self, waiting):
        membership = now(waiting)

        assert (membership.tier.code, membership.status) == ("silver", "active")
        assert membership.payment_failure_count == 0
        assert membership.next_payment_date == membership.renewal_date
        assert Payment.objects.count() == 1
        assert not Episode.objects.exists()

    def test_the_dashboard_shows_it_with_its_link_and_the_way_back(self, waiting):
        page = read(waiting.client.get(reverse("dashboard")))

        pending = PendingChange.objects.get()
        assert "Your bank wants you to confirm this payment" in page
        assert f'href="{pending.pay_url}"' in page
        assert url_of(waiting.membership, "membership_take_back") in page

    def test_pressed_again_or_in_another_window_it_is_one_purchase(self, alice):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seals = [seal_on(read(alice.client.get(address))) for _ in range(2)]

        for seal in (seals[0], seals[0], seals[1]):
            answer = alice.client.post(address, {"seal": seal}, follow=True)

        assert "Your bank wants you to confirm this payment" in read(answer)
        assert statuses(alice) == ["paid", "open"]

    def test_a_press_before_its_webhook_is_the_same_purchase(self, waiting):
        PendingChange.objects.all().delete()
        gold = url_of(waiting.membership, "membership_change", plan("gold").pk)

        answer = waiting.client.post(gold, {"seal": "any"}, follow=True)

        assert "Your bank wants you to confirm this payment" in read(answer)
        assert statuses(waiting) == ["paid", "open"]

    def test_what_we_could_not_hear_of_yet_is_looked_for(self, alice, monkeypatch):
        monkeypatch.setattr("billing.views.changes.look", lambda membership: None)

        _, answer = confirm(alice, plan("gold"))

        assert "Waiting for the confirmation" in read(answer)

    @pytest.mark.parametrize("wanted", [("bronze", "annual"), ("gold", "monthly")])
    def test_another_plan_has_to_wait(self, waiting, wanted):
        address = url_of(waiting.membership, "membership_change", plan(*wanted).pk)

        page = read(waiting.client.get(address, follow=True))

        assert "Your change to gold, yearly, is not confirmed yet." in page
        assert not ScheduledChange.objects.exists()

    def test_a_lower_plan_has_to_wait_for_what_we_have_not_heard_of_yet(self, waiting):
        PendingChange.objects.all().delete()

        address = url_of(waiting.membership, "membership_change", plan("bronze").pk)
        page = read(waiting.client.get(address, follow=True))

        assert "is not confirmed yet" in page
        assert PendingChange.objects.exists()

    def test_where_another_change_is_planned_that_goes_first(self, alice):
        confirm(alice, plan("bronze"))

        _, answer = confirm(alice, plan("gold"))

        assert answer.status_code == 402
        assert "drop the planned change first" in read(answer)
        assert ScheduledChange.objects.get().tier.code == "bronze"
        assert statuses(alice) == ["paid"]


class TestConfirmed:
    def test_the_plan_changes_and_the_money_is_in_the_ledger(self, waiting):
        waiting.running.control.authenticate(invoices(waiting.running)[-1]["id"])

        membership = now(waiting)
        gold = plan("gold")
        address = url_of(membership, "membership_changed")
        page = read(waiting.client.get(address, {"what": "confirm", "plan": gold.pk}))

        assert (membership.tier.code, membership.net_pence) == ("gold", 85_000)
        assert (Payment.objects.count(), PendingChange.objects.count()) == (2, 0)
        assert "You have gold now" in page

    def test_the_page_of_one_who_has_confirmed_waits_for_the_webhook(self, waiting):
        answered = re.search(r'href="([^"]+)">I have confirmed it', read(waiting.answer)).group(1)
        address = url_of(waiting.membership, "membership_changed") + html.unescape(answered)

        before = read(waiting.client.get(address))
        waiting.running.control.authenticate(invoices(waiting.running)[-1]["id"])
        now(waiting)

        assert "The page looks again by itself" in before
        assert "You have gold now" in read(waiting.client.get(address))

    def test_a_confirmation_that_fails_leaves_it_waiting(self, waiting):
        waiting.running.control.authenticate(invoices(waiting.running)[-1]["id"], done=False)

        membership = now(waiting)

        assert (membership.tier.code, membership.payment_failure_count) == ("silver", 0)
        assert PendingChange.objects.exists()
        assert not Episode.objects.exists()

    def test_an_answer_that_comes_again_after_it_is_paid_is_a_success(self, alice):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seal = seal_on(read(alice.client.get(address)))
        subscription = gateway.fetch_subscription(alice.membership.stripe_subscription_id)
        alice.client.post(address, {"seal": seal})
        alice.running.control.authenticate(invoices(alice.running)[-1]["id"])

        changed = change_again(alice, subscription, seal)

        assert changed["pending_update"] is None
        assert changed["latest_invoice"]["status"] == "paid"


def change_again(who, subscription, seal):
    """The same purchase once more, from before anything had changed."""
    gold = plan("gold")
    shown = Seal.read(seal, who.membership, gold)
    return gateway.change_now(
        subscription,
        subscription["items"]["data"][0]["id"],
        gateway.ensure_price(gold),
        proration_date=shown.proration_date,
        purchase=shown.purchase,
    )


class TestNotConfirmed:
    def test_after_its_time_all_is_as_it_was(self, waiting):
        waiting.running.control.advance(23 * HOURS)

        membership = now(waiting)
        address = url_of(membership, "membership_changed")
        fields = {"what": "confirm", "plan": plan("gold").pk}
        page = read(waiting.client.get(address, fields))

        assert (membership.tier.code, membership.status) == ("silver", "active")
        assert not PendingChange.objects.exists()
        assert "Your plan has not changed" in page
        assert statuses(waiting) == ["paid", "void"]

    def test_the_same_purchase_is_refused_and_shown_afresh(self, alice):
        gold = plan("gold")
        address = url_of(alice.membership, "membership_change", gold.pk)
        seal = seal_on(read(alice.client.get(address)))
        alice.client.post(address, {"seal": seal})
        take_back(alice)
        alice.running.control.set_card(alice.membership.stripe_customer_id, PAYS)

        refused = alice.client.post(address, {"seal": seal})
        afresh = read(alice.client.post(address, {"seal": seal}, follow=True))
        answer = alice.client.post(address, {"seal": seal_on(afresh)}, follow=True)

        assert refused.status_code == 402
        assert "This payment was not confirmed" in read(refused)
        assert "You have gold now" in read(answer)

    def test_the_next_renewal_is_of_the_old_plan(self, waiting):
        waiting.running.control.set_card(waiting.membership.stripe_customer_id, PAYS)

        waiting.running.control.advance(190 * 24 * HOURS)

        assert now(waiting).last_payment_amount_pence == 78_000

    def test_a_refusal_that_cannot_be_taken_off_the_books_is_not_called_final(
        self, alice, monkeypatch
    ):
        alice.running.control.set_card(alice.membership.stripe_customer_id, DECLINES)
        void = gateway.changes._void

        def void_with_faults(invoice_id):
            alice.running.control.faults(api_status=500, count=2)
            return void(invoice_id)

        monkeypatch.setattr(gateway.changes, "_void", void_with_faults)

        _, answer = confirm(alice, plan("gold"))

        membership = now(alice)
        assert "your plan changes only if you pay there" in read(answer)
        assert (membership.status, membership.payment_failure_count) == ("active", 0)
        assert not Episode.objects.exists()
        assert PendingChange.objects.exists()


class TestTakingBack:
    def test_the_page_says_what_goes(self, waiting):
        page = read(waiting.client.get(url_of(waiting.membership, "membership_take_back")))

        assert "Stay with silver, yearly" in page
        assert "Once you take it back" in page
        assert "nothing is charged" in page
        assert statuses(waiting) == ["paid", "open"]

    def test_it_can_no_longer_be_paid(self, waiting):
        answer = take_back(waiting)

        assert "The change is taken back" in read(answer)
        assert not PendingChange.objects.exists()
        assert statuses(waiting) == ["paid", "void"]

    def test_twice_is_as_good_as_once(self, waiting):
        seal = shown(waiting)
        take_back(waiting, seal)

        assert "The change is taken back" in read(take_back(waiting, seal))

    @pytest.mark.parametrize("when", ["before", "between"])
    def test_what_was_paid_meanwhile_is_said_to_be(self, waiting, monkeypatch, when):
        invoice, void = invoices(waiting.running)[-1]["id"], gateway.take_back
        seal = shown(waiting)

        def pay_first(subscription):
            waiting.running.control.authenticate(invoice)
            return void(subscription)

        if when == "between":
            monkeypatch.setattr(gateway, "take_back", pay_first)
        else:
            waiting.running.control.authenticate(invoice)

        answer = take_back(waiting, seal)

        assert "The payment had been confirmed already" in read(answer)
        assert Membership.objects.get().tier.code == "gold"
        assert statuses(waiting) == ["paid", "paid"]

    def test_what_was_paid_and_heard_of_meanwhile_is_not_called_taken_back(self, waiting):
        seal = shown(waiting)
        waiting.running.control.authenticate(invoices(waiting.running)[-1]["id"])
        now(waiting)

        answer = read(take_back(waiting, seal))

        assert "The payment had been confirmed already" in answer
        assert "The change is taken back" not in answer

    def test_what_has_lapsed_meanwhile_is_said_to_have(self, waiting):
        seal = shown(waiting)
        waiting.running.control.advance(23 * HOURS)

        answer = read(take_back(waiting, seal))

        assert "It was too late to confirm this change" in answer
        assert not PendingChange.objects.exists()

    def test_where_nothing_waited_nothing_is_called_taken_back(self, alice):
        answer = read(take_back(alice, ""))

        assert "No change was waiting for you" in answer
        assert "The change is taken back" not in answer

    def test_another_change_than_the_page_showed_is_shown_first(self, waiting):
        seal = shown(waiting)
        take_back(waiting, seal)
        confirm(waiting, plan("gold"))

        answer = read(take_back(waiting, seal))

        assert "Another change waits now" in answer
        assert statuses(waiting) == ["paid", "void", "open"]

    def test_the_page_of_one_that_was_paid_unheard_of_offers_nothing(self, waiting):
        waiting.running.control.authenticate(invoices(waiting.running)[-1]["id"])

        page = read(waiting.client.get(url_of(waiting.membership, "membership_take_back")))

        assert "No change waits for you" in page

    def test_cancelling_takes_it_back_and_says_so_before(self, waiting):
        address = url_of(waiting.membership, "membership_cancel")
        page = read(waiting.client.get(address))

        waiting.client.post(address)

        assert "The change to gold that waits for your confirmation is taken back." in page
        assert Membership.objects.get().status == "expiring_soon"
        assert statuses(waiting) == ["paid", "void"]

    def test_a_stripe_that_is_away_is_said_and_it_still_waits(self, waiting):
        seal = shown(waiting)
        waiting.running.control.faults(api_status=500, count=100)

        answer = take_back(waiting, seal)

        assert answer.status_code == 503
        assert PendingChange.objects.exists()

    def test_another_owners_is_a_404(self, waiting):
        charlie = Client()
        charlie.force_login(MembershipFactory().owner.user)
        address = url_of(waiting.membership, "membership_take_back")

        assert (charlie.get(address).status_code, charlie.post(address).status_code) == (404, 404)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("confirmed", "tier"), [(True, "gold"), (False, "silver")])
def test_the_webhooks_bring_what_became_of_it(client, stripe_live, confirmed, tier):
    who = half_way(client, stripe_live)
    control = stripe_live.control
    control.set_card(who.membership.stripe_customer_id, ASKS, wait=True)
    confirm(who, plan("gold"))
    page = PendingChange.objects.get().pay_url

    if confirmed:
        requests.post(f"{page}/pay", timeout=10)
        requests.post(f"{page}/authenticate", {"authenticate": "complete"}, timeout=10)
        control.wait()
    else:
        control.advance(23 * HOURS, wait=True, in_step=True)

    membership = Membership.objects.get()
    assert (membership.tier.code, membership.status) == (tier, "active")
    assert (PendingChange.objects.count(), Episode.objects.count()) == (0, 0)
    assert not IncomingEvent.objects.exclude(error="").exists()


class TestReconcile:
    def test_what_waits_is_no_difference(self, waiting, capsys):
        call_command("stripe_reconcile", "--dry-run")

        assert "equal what Stripe holds" in capsys.readouterr().out

    def test_what_waits_unknown_to_us_is_found_and_repaired(self, waiting, capsys):
        PendingChange.objects.all().delete()

        call_command("stripe_reconcile")

        assert "Its change that waits for its payment is nothing here" in capsys.readouterr().out
        assert PendingChange.objects.exists()


# --- Without Stripe -------------------------------------------------------------------------------

AN_UPDATE = {
    "pending_update": {
        "expires_at": at("2026-06-02"),
        "subscription_items": [make_item(price=make_price(metadata={"tier": "gold"}))],
    },
    "latest_invoice": "in_2",
}


def upgrade(**fields):
    fields = {"amount_due": 24_000, "next_payment_attempt": at("2026-06-01")} | fields
    return make_invoice(paid=None, id="in_2", billing_reason="subscription_update", **fields)


class TestWhatIsOwed:
    """An open invoice of an update, beside what the subscription says of it."""

    @pytest.mark.parametrize(
        ("subscription", "invoice", "failures", "episode"),
        [
            (AN_UPDATE, {}, 0, False),
            (AN_UPDATE | {"latest_invoice": {"id": "in_2"}}, {}, 0, False),
            # As when somebody changes a plan in Stripe's dashboard: it is owed like a renewal.
            ({"pending_update": None, "latest_invoice": "in_2"}, {}, 1, True),
            (AN_UPDATE | {"latest_invoice": "in_1"}, {}, 1, True),
            (AN_UPDATE | {"pending_update": None}, {"status": "void"}, 0, False),
        ],
    )
    @pytest.mark.parametrize("status", ["active", "past_due"])
    def test_only_what_no_update_waits_for(self, subscription, invoice, failures, episode, status):
        subscription = make_subscription(status=status, **subscription)
        both = [upgrade(**invoice), make_invoice()]
        membership = MembershipFactory(status=status)

        state = membership_state(subscription, both, NOON)
        owed = owed_or_settled(subscription, both)
        begun = episodes.follow(membership, owed, now=NOON)

        assert state.payment_failure_count == failures
        assert bool(begun) is (episode and status == "past_due")


@pytest.mark.parametrize("memberships", [2, 12])
def test_the_dashboard_costs_the_same_however_many_wait(
    client, memberships, django_assert_num_queries
):
    first = PendingChangeFactory().membership
    for _ in range(memberships - 1):
        PendingChangeFactory(membership__owner=first.owner)
    client.force_login(first.owner.user)

    # Session, user, owner; memberships, cards, customer; exceptions, houses.
    with django_assert_num_queries(8):
        client.get(reverse("dashboard"))
