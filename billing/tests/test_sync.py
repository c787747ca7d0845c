import datetime
import threading

import pytest
from django.db import connection, connections
from django.db.models.signals import post_save

from accounts.tests.factories import OwnerFactory
from billing import gateway
from billing.models import Customer, Episode, Membership, Notice, Payment, SubscriptionProblem
from billing.sync import refresh_membership
from billing.tests.factories import MembershipFactory, TierFactory
from billing.tests.stripe_objects import (
    at,
    make_invoice,
    make_item,
    make_price,
    make_subscription,
)
from listings.choices import ListingStatus
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
ENDED = {
    "status": "canceled",
    "ended_at": at("2026-05-30"),
    "cancellation_details": {"reason": "payment_failed"},
}


class FakeStripe:
    """What Stripe holds now, by subscription id."""

    def __init__(self):
        self.subscriptions = {}
        self.invoices = {}

    def hold(self, *invoices, **fields):
        subscription = make_subscription(**fields)
        self.subscriptions[subscription["id"]] = subscription
        self.invoices[subscription["id"]] = list(invoices)


@pytest.fixture
def at_stripe(monkeypatch):
    fake = FakeStripe()
    monkeypatch.setattr(gateway, "fetch_subscription", fake.subscriptions.get)
    monkeypatch.setattr(gateway, "fetch_invoices", fake.invoices.get)
    return fake


@pytest.fixture
def alice():
    TierFactory(code="silver")
    return Customer.objects.create(owner=OwnerFactory(), stripe_id="cus_1").owner


def planned(price):
    """A schedule that moves to a price at the renewal."""
    phase = {"start_date": at("2027-05-12"), "items": [{"price": price, "quantity": 1}]}
    return {"current_phase": {"end_date": at("2027-05-12")}, "phases": [phase]}


def refresh(subscription_id="sub_1"):
    return refresh_membership(subscription_id, now=NOW)


class TestMembership:
    def test_a_paid_subscription_becomes_a_membership_of_the_customers_owner(
        self, at_stripe, alice
    ):
        at_stripe.hold(make_invoice())

        membership = refresh()

        assert (membership.owner, membership.status) == (alice, "active")
        assert (membership.tier.code, membership.billing_cycle) == ("silver", "annual")

    def test_a_second_look_saves_nothing(self, at_stripe, alice):
        at_stripe.hold(make_invoice())
        refresh()
        saved = []
        post_save.connect(saved.append, weak=False, dispatch_uid="watch")

        try:
            refresh()
        finally:
            post_save.disconnect(dispatch_uid="watch")

        assert saved == []

    def test_a_change_is_saved_and_time_stamped(self, at_stripe, alice):
        at_stripe.hold()
        before = refresh()
        at_stripe.hold(cancel_at=at("2026-09-01"))

        after = refresh()

        assert (after.pk, after.status) == (before.pk, "expiring_soon")
        assert after.updated_at > before.updated_at

    def test_of_two_memberships_of_one_owner_only_the_named_one_changes(self, at_stripe, alice):
        at_stripe.hold()
        at_stripe.hold(id="sub_2")
        refresh("sub_1")
        refresh("sub_2")
        at_stripe.hold(id="sub_2", **ENDED)

        refresh("sub_2")

        statuses = dict(Membership.objects.values_list("stripe_subscription_id", "status"))
        assert statuses == {"sub_1": "active", "sub_2": "expired"}

    def test_an_unpaid_checkout_makes_no_membership(self, at_stripe, alice):
        at_stripe.hold(status="incomplete")

        assert refresh() is None
        assert not Membership.objects.exists()

    def test_a_subscription_that_stripe_does_not_have_changes_nothing(self, at_stripe, alice):
        membership = MembershipFactory(stripe_subscription_id="sub_1", status="past_due")

        assert refresh() is None
        membership.refresh_from_db()
        assert membership.status == "past_due"

    def test_stripe_out_of_reach_leaves_nothing_half_made(self, monkeypatch, at_stripe, alice):
        at_stripe.hold()

        def fail(subscription_id):
            raise gateway.StripeUnavailable("gone")

        monkeypatch.setattr(gateway, "fetch_invoices", fail)

        with pytest.raises(gateway.StripeUnavailable):
            refresh()
        assert not Membership.objects.exists()


class TestOwner:
    def test_the_customer_decides_even_against_the_note(self, at_stripe, alice):
        at_stripe.hold(metadata={"owner": str(OwnerFactory().pk)})

        assert refresh().owner == alice

    def test_for_an_unknown_customer_the_note_counts_and_is_kept(self, at_stripe, alice):
        bob = OwnerFactory()
        at_stripe.hold(customer="cus_2", metadata={"owner": str(bob.pk)})

        assert refresh().owner == bob
        assert Customer.objects.get(stripe_id="cus_2").owner == bob

    def test_a_second_customer_made_by_hand_still_finds_its_owner(self, at_stripe, alice):
        at_stripe.hold(customer="cus_2", metadata={"owner": str(alice.pk)})

        assert refresh().owner == alice
        assert Customer.objects.get(owner=alice).stripe_id == "cus_1"

    @pytest.mark.parametrize("note", ["", "999999", "x", "-1", "²", "9" * 40])
    def test_nobodys_money_is_recorded_and_shown_to_staff(self, at_stripe, alice, note):
        at_stripe.hold(make_invoice(), customer="cus_2", metadata={"owner": note})

        membership = refresh()

        assert membership.owner is None
        assert Payment.objects.get().gross_pence == 78_000
        assert "No owner" in SubscriptionProblem.objects.open().get().reason

    def test_an_erased_owner_stays_erased(self, at_stripe, alice):
        Customer.objects.update(owner=None)
        at_stripe.hold(metadata={"owner": str(alice.pk)})

        assert refresh().owner is None
        assert not SubscriptionProblem.objects.exists()


class TestUnreadable:
    @pytest.mark.parametrize(
        "fields",
        [
            {"status": "hibernating"},
            {"items": {"data": [make_item(price=make_price(metadata={}))]}},
            {"items": {"data": [make_item(price=make_price(unit_amount=None))]}},
        ],
        ids=["unknown status", "unknown price", "no amount"],
    )
    def test_it_is_parked_where_staff_see_it(self, at_stripe, alice, caplog, fields):
        at_stripe.hold(make_invoice(), **fields)

        assert refresh() is None
        assert SubscriptionProblem.objects.open().get().stripe_subscription_id == "sub_1"
        assert "ERROR" in caplog.text

    def test_what_we_had_stays_as_it_was(self, at_stripe, alice):
        at_stripe.hold()
        refresh()
        at_stripe.hold(status="hibernating")

        refresh()

        assert Membership.objects.get().status == "active"

    def test_an_unknown_price_keeps_the_tier_and_hides_neither_end_nor_payments(
        self, at_stripe, alice
    ):
        house = PropertyFactory(owner=alice, live=True)
        at_stripe.hold(metadata={"property": str(house.pk)})
        refresh()
        moved = {"data": [make_item(price=make_price(metadata={}))]}
        at_stripe.hold(make_invoice(), items=moved, **ENDED)

        membership = refresh()

        house.refresh_from_db()
        assert (membership.status, membership.tier.code) == ("expired", "silver")
        assert (house.status, Payment.objects.count()) == (ListingStatus.EXPIRED, 1)
        assert "price_1" in SubscriptionProblem.objects.open().get().reason

    def test_a_price_without_a_fixed_amount_hides_neither_end_nor_payments(self, at_stripe, alice):
        at_stripe.hold()
        refresh()
        by_use = make_price(unit_amount=None, unit_amount_decimal="0.5")
        at_stripe.hold(make_invoice(), items={"data": [make_item(price=by_use)]}, **ENDED)

        membership = refresh()

        assert (membership.status, membership.net_pence, membership.vat_pence) == (
            "expired",
            65_000,
            13_000,
        )
        assert Payment.objects.count() == 1
        assert "has no fixed amount" in SubscriptionProblem.objects.open().get().reason

    @pytest.mark.parametrize(
        ("price", "reason"),
        [
            ({"metadata": {}}, "No plan in the price list fits"),
            ({"unit_amount": None}, "has no fixed amount"),
        ],
        ids=["unknown price", "no amount"],
    )
    def test_a_planned_change_that_cannot_be_read_holds_nothing_else_back(
        self, at_stripe, alice, price, reason
    ):
        at_stripe.hold(schedule=planned(make_price(unit_amount=45_000)))
        refresh()
        at_stripe.hold(make_invoice(), status="past_due", schedule=planned(make_price(**price)))

        membership = refresh()

        assert (membership.status, membership.scheduled_change.net_pence) == ("past_due", 45_000)
        assert Payment.objects.count() == 1
        assert reason in SubscriptionProblem.objects.open().get().reason

    def test_it_is_one_problem_however_often_it_is_seen(self, at_stripe, alice):
        at_stripe.hold(status="hibernating")

        refresh()
        refresh()

        assert SubscriptionProblem.objects.get().attempts == 2

    def test_it_is_resolved_when_it_can_be_read(self, at_stripe, alice):
        at_stripe.hold(status="hibernating")
        refresh()
        at_stripe.hold()

        refresh()

        assert SubscriptionProblem.objects.get().resolved_at == NOW
        assert not SubscriptionProblem.objects.open().exists()

    def test_it_is_resolved_when_it_turns_out_that_it_was_never_paid(self, at_stripe, alice):
        at_stripe.hold(status="hibernating")
        refresh()
        at_stripe.hold(status="incomplete_expired")

        refresh()

        assert not SubscriptionProblem.objects.open().exists()

    def test_it_is_resolved_when_stripe_no_longer_has_it(self, at_stripe, alice):
        at_stripe.hold(status="hibernating")
        refresh()
        at_stripe.subscriptions.clear()

        refresh()

        assert not SubscriptionProblem.objects.open().exists()


class TestFailing:
    def test_of_two_open_invoices_the_older_one_is_asked_for_and_then_the_other(
        self, at_stripe, alice
    ):
        older = make_invoice(paid=None, id="in_1", hosted_invoice_url="https://pay.example/1")
        newer = make_invoice(paid=None, id="in_2", created=at("2026-05-20"), total=7_800)
        at_stripe.hold(newer, older, status="past_due")
        refresh()

        first = Episode.objects.open().get()
        at_stripe.hold(newer, make_invoice(), status="past_due")
        refresh()

        assert (first.amount_pence, first.pay_url) == (78_000, "https://pay.example/1")
        assert Episode.objects.open().get().amount_pence == 7_800


class TestLedger:
    def test_each_paid_invoice_is_one_row_however_often_it_is_seen(self, at_stripe, alice):
        renewal = make_invoice(id="in_2", paid="2027-05-12")
        at_stripe.hold(renewal, make_invoice())

        refresh()
        refresh()

        assert list(Payment.objects.order_by("pk").values_list("stripe_object_id", flat=True)) == [
            "in_1",
            "in_2",
        ]

    def test_a_row_says_net_vat_gross_when_and_what_for(self, at_stripe, alice):
        at_stripe.hold(make_invoice())

        membership = refresh()

        payment = Payment.objects.get()
        assert (payment.net_pence, payment.vat_pence, payment.gross_pence) == (
            65_000,
            13_000,
            78_000,
        )
        assert (payment.membership, payment.owner) == (membership, alice)
        assert payment.paid_at == datetime.datetime(2026, 5, 12, 12, tzinfo=datetime.UTC)
        assert payment.period_end == datetime.date(2027, 5, 12)

    def test_an_open_invoice_is_no_payment(self, at_stripe, alice):
        at_stripe.hold(make_invoice(paid=None), status="past_due")

        refresh()

        assert not Payment.objects.exists()

    def test_an_invoice_over_nothing_is_no_payment(self, at_stripe, alice):
        at_stripe.hold(make_invoice(total=0, total_excluding_tax=0, amount_paid=0))

        refresh()

        assert not Payment.objects.exists()


class TestHouse:
    def test_it_is_bound_to_the_house_it_was_bought_for(self, at_stripe, alice):
        house = PropertyFactory(owner=alice)
        at_stripe.hold(metadata={"property": str(house.pk)})

        assert refresh().property == house

    def test_it_is_not_bound_to_somebody_elses_house(self, at_stripe, alice):
        at_stripe.hold(metadata={"property": str(PropertyFactory().pk)})

        assert refresh().property is None

    def test_it_stays_with_the_house_that_used_it(self, at_stripe, alice):
        used_by, bought_for = PropertyFactory(owner=alice), PropertyFactory(owner=alice)
        at_stripe.hold(metadata={"property": str(bought_for.pk)})
        MembershipFactory(stripe_subscription_id="sub_1", owner=alice, property=used_by)

        assert refresh().property == used_by

    def test_a_second_one_for_the_same_house_stays_unused(self, at_stripe, alice):
        house = PropertyFactory(owner=alice)
        for name in ("sub_1", "sub_2"):
            at_stripe.hold(id=name, metadata={"property": str(house.pk)})

        assert refresh("sub_1").property == house
        assert refresh("sub_2").property is None

    def test_one_that_revives_after_its_house_got_another_is_unused(self, at_stripe, alice):
        house = PropertyFactory(owner=alice)
        MembershipFactory(
            stripe_subscription_id="sub_1", owner=alice, property=house, status="expired"
        )
        MembershipFactory(owner=alice, property=house)
        at_stripe.hold()

        revived = refresh()

        assert (revived.status, revived.property) == ("active", None)


class TestListing:
    @pytest.mark.parametrize("trait", ["live", "paused"])
    def test_the_end_of_a_membership_expires_its_listing(self, at_stripe, alice, trait):
        house = PropertyFactory(owner=alice, **{trait: True})
        MembershipFactory(stripe_subscription_id="sub_1", owner=alice, property=house)
        at_stripe.hold(**ENDED)

        refresh()

        house.refresh_from_db()
        assert (house.status, house.expired_at) == (ListingStatus.EXPIRED, NOW)

    def test_its_owner_is_told_that_guests_no_longer_see_it(self, at_stripe, alice):
        house = PropertyFactory(owner=alice, live=True)
        MembershipFactory(stripe_subscription_id="sub_1", owner=alice, property=house)
        at_stripe.hold(**ENDED)

        refresh()

        assert f"{house.title} is no longer shown to guests" in Notice.objects.get().text

    def test_a_house_with_another_current_membership_stays(self, at_stripe, alice):
        house = PropertyFactory(owner=alice, live=True)
        MembershipFactory(
            stripe_subscription_id="sub_1", owner=alice, property=house, status="expired"
        )
        MembershipFactory(owner=alice, property=house)
        at_stripe.hold(**ENDED)

        refresh()

        house.refresh_from_db()
        assert house.status == ListingStatus.LIVE

    @pytest.mark.parametrize("status", ["past_due", "active"])
    def test_grace_keeps_it_on_show(self, at_stripe, alice, status):
        house = PropertyFactory(owner=alice, live=True)
        MembershipFactory(stripe_subscription_id="sub_1", owner=alice, property=house)
        at_stripe.hold(status=status)

        refresh()

        house.refresh_from_db()
        assert house.status == ListingStatus.LIVE

    def test_a_recovered_membership_publishes_nothing(self, at_stripe, alice):
        house = PropertyFactory(owner=alice, expired=True)
        MembershipFactory(
            stripe_subscription_id="sub_1", owner=alice, property=house, status="expired"
        )
        at_stripe.hold(make_invoice())

        assert refresh().status == "active"
        house.refresh_from_db()
        assert house.status == ListingStatus.EXPIRED


@pytest.mark.django_db(transaction=True)
def test_of_two_looks_at_once_the_later_fetch_wins(at_stripe, alice, monkeypatch):
    """The first look is slow and holds older data; without the lock it would write last."""
    fetching, both, answers = threading.Event(), threading.Event(), iter(["active", "past_due"])

    def fetch(subscription_id):
        status = next(answers)
        fetching.set()
        if status == "active":
            both.wait()
            second.join(0.5)  # returns early only if the second look did not wait for us
        return make_subscription(status=status)

    def look():
        try:
            refresh()
        finally:
            connections[connection.alias].close()

    at_stripe.hold()
    monkeypatch.setattr(gateway, "fetch_subscription", fetch)
    first, second = threading.Thread(target=look), threading.Thread(target=look)
    first.start()
    fetching.wait()
    second.start()
    both.set()
    first.join()
    second.join()

    assert Membership.objects.get().status == "past_due"
