"""From the owner's choice to the ledger over real HTTP: our server, the sandbox, its webhooks."""

import json
import random

import pytest
import requests
import stripe
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from djstripe.models import APIKey

from billing import gateway
from billing.models import IncomingEvent, Membership, MembershipStatus, Payment
from billing.tests.deliveries import deliver
from billing.tests.factories import PlanFactory
from listings.choices import ListingStatus
from listings.models import Property
from listings.tests.factories import PropertyFactory
from stripe_sandbox.sandbox import DEFAULT_EVENTS

pytestmark = pytest.mark.sandbox

DAY = 86_400
RETURN_PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
PAYS_ONCE = "4000000000000341"
PAYS = "4242424242424242"


def open_page(house):
    url = gateway.start_checkout(house.owner, PlanFactory(), house=house, **RETURN_PAGES)
    return url.rsplit("/", 1)[1]


def buy(running, house, card=PAYS):
    running.control.pay(open_page(house), card, wait=True)
    return Membership.objects.get(owner=house.owner)


def advance(running, days):
    running.control.advance(days * DAY, wait=True, in_step=True)


@pytest.mark.django_db(transaction=True)
class TestOverHttp:
    def test_a_paid_checkout_becomes_a_membership_and_a_payment(self, stripe_live):
        house = PropertyFactory()

        membership = buy(stripe_live, house)

        assert (membership.status, membership.property) == (MembershipStatus.ACTIVE, house)
        assert (membership.net_pence, membership.vat_pence) == (65_000, 13_000)
        payment = Payment.objects.get()
        assert (payment.net_pence, payment.vat_pence) == (65_000, 13_000)
        assert payment.owner == house.owner

    def test_paying_publishes_nothing(self, stripe_live):
        house = PropertyFactory(pending=True)

        buy(stripe_live, house)

        house.refresh_from_db()
        assert house.status == ListingStatus.PENDING_APPROVAL

    def test_the_secret_key_stays_out_of_the_database(self, stripe_live):
        buy(stripe_live, PropertyFactory())

        assert not APIKey.objects.exists()

    def test_a_renewal_is_a_second_payment_of_the_same_membership(self, stripe_live):
        membership = buy(stripe_live, PropertyFactory())
        renewal_date = membership.renewal_date

        advance(stripe_live, 366)

        membership.refresh_from_db()
        assert membership.payments.count() == 2
        assert membership.start_date < renewal_date < membership.renewal_date
        assert membership.last_payment_date == renewal_date

    def test_a_failed_renewal_is_past_due_and_at_last_ends_the_listing(self, stripe_live):
        house = PropertyFactory(live=True)
        membership = buy(stripe_live, house, PAYS_ONCE)

        advance(stripe_live, 366)
        membership.refresh_from_db()
        assert (membership.status, membership.payment_failure_count) == ("past_due", 1)
        assert membership.end_date < membership.next_payment_date

        advance(stripe_live, 20)
        membership.refresh_from_db()
        house.refresh_from_db()
        assert (membership.status, house.status) == ("expired", ListingStatus.EXPIRED)
        assert membership.payments.count() == 1

    def test_a_new_card_brings_a_past_due_membership_back(self, stripe_live):
        membership = buy(stripe_live, PropertyFactory(), PAYS_ONCE)
        advance(stripe_live, 366)

        stripe_live.control.set_card(membership.stripe_customer_id, PAYS, wait=True)
        advance(stripe_live, 4)

        membership.refresh_from_db()
        assert (membership.status, membership.payment_failure_count) == ("active", 0)
        assert membership.payments.count() == 2

    def test_an_owner_whose_card_failed_changes_it_and_stays(self, client, stripe_live):
        membership = buy(stripe_live, PropertyFactory(), PAYS_ONCE)
        advance(stripe_live, 366)
        membership.refresh_from_db()
        assert membership.status == "past_due"

        client.force_login(membership.owner.user)
        portal = client.post(reverse("billing_portal")).url
        page = requests.post(f"{portal}/card", data={"card_number": PAYS}, timeout=10).text
        advance(stripe_live, 4)

        assert "Card ending in 4242" in page
        assert f'href="{settings.SITE_URL}{reverse("dashboard")}"' in page
        membership.refresh_from_db()
        assert (membership.status, membership.payment_failure_count) == ("active", 0)

    def test_an_owner_cancels_to_the_end_of_the_paid_year(self, client, stripe_live):
        membership = buy(stripe_live, PropertyFactory())
        client.force_login(membership.owner.user)
        portal = client.post(reverse("billing_portal")).url

        place = f"{portal}/subscriptions/{membership.stripe_subscription_id}/cancel"
        assert requests.post(place, timeout=10).ok
        assert stripe_live.control.wait()

        membership.refresh_from_db()
        assert (membership.status, membership.auto_renew) == ("expiring_soon", False)

    @pytest.mark.parametrize("by_flag", [True, False], ids=["by the API", "by the portal"])
    def test_a_cancellation_ends_at_the_end_of_the_paid_year(self, stripe_live, by_flag):
        membership = buy(stripe_live, PropertyFactory())
        paid_until = membership.end_date

        stripe_live.control.cancel(membership.stripe_subscription_id, by_flag=by_flag, wait=True)
        membership.refresh_from_db()
        assert (membership.status, membership.auto_renew) == ("expiring_soon", False)

        advance(stripe_live, 366)
        membership.refresh_from_db()
        assert (membership.status, membership.end_date) == ("cancelled", paid_until)
        assert membership.cancelled_date < paid_until

    def test_what_failed_while_stripe_was_out_of_order_is_made_good_by_the_worker(
        self, stripe_live
    ):
        page = open_page(PropertyFactory())
        stripe_live.control.faults(api_status=500, count=4)
        stripe_live.control.pay(page, wait=True)
        assert IncomingEvent.objects.troubled().exists()
        IncomingEvent.objects.update(next_try_at=timezone.now())

        call_command("stripe_events")

        assert Membership.objects.get().status == "active"
        assert Payment.objects.count() == 1
        assert set(IncomingEvent.objects.values_list("status", flat=True)) == {"done"}
        assert {row["attempts"] for row in stripe_live.control.deliveries()} == {1}


def story_of(running):
    """Play two purchases, a renewal and a lapse; return the events of it, oldest first."""
    houses = [PropertyFactory(live=True), PropertyFactory(live=True)]
    for house, card in zip(houses, (PAYS, PAYS_ONCE), strict=True):
        running.control.pay(open_page(house), card)
    running.control.advance(400 * DAY)
    api = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": running.url}).v1
    events = api.events.list({"types": list(DEFAULT_EVENTS)}).auto_paging_iter()
    return [json.loads(str(event)) for event in events][::-1]


def rows_after(client, events):
    """Deliver, look, and forget again."""
    with transaction.atomic():
        assert {deliver(client, event).status_code for event in events} == {200}
        found = rows()
        transaction.set_rollback(True)
    return found


def rows():
    """Memberships, payments and houses as they stand, without keys and times of our own."""
    hidden = {"id", "created_at", "updated_at", "membership_id", "expired_at"}
    querysets = (
        Membership.objects.order_by("stripe_subscription_id"),
        Payment.objects.order_by("stripe_object_id"),
        Property.objects.order_by("pk"),
    )
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for queryset in querysets
        for row in queryset.values()
    ]


def shuffled(events):
    return random.Random(7).sample(events * 2, len(events) * 2)


def last_of_each(events):
    changes = [each for each in events if each["data"]["object"]["object"] == "subscription"]
    return list({event["data"]["object"]["id"]: event for event in changes}.values())


@pytest.mark.django_db
class TestAnyOrder:
    def test_the_rows_of_the_story_in_its_order(self, client, stripe_api):
        found = rows_after(client, story_of(stripe_api))

        memberships, payments, houses = found[:2], found[2:-2], found[-2:]
        assert {row["status"] for row in memberships} == {"active", "expired"}
        assert [row["gross_pence"] for row in payments] == [78_000] * 3
        assert {row["status"] for row in houses} == {"live", "expired"}

    @pytest.mark.parametrize(
        "order", [lambda events: events * 2, lambda events: events[::-1], shuffled, last_of_each]
    )
    def test_the_rows_are_the_same_in_any_other(self, client, stripe_api, order):
        events = story_of(stripe_api)

        assert rows_after(client, order(events)) == rows_after(client, events)
