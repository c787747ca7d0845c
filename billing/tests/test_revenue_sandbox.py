"""Recurring revenue from what the sandbox really says, over HTTP: coupons, and what it has not."""

import pytest
import stripe
from django.conf import settings
from django.utils import timezone

from billing import gateway, revenue
from billing.models.revenue import RevenueSpan, SubscriptionMoment
from billing.sync import refresh_membership
from billing.tests.factories import PlanFactory
from billing.tests.revenue_histories import event, subscription
from billing.tests.stripe_objects import at
from listings.tests.factories import PropertyFactory

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]
PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}


@pytest.fixture
def bought(stripe_api):
    """A silver year for £650, and Stripe's client."""
    house = PropertyFactory()
    page = gateway.start_checkout(house.owner, PlanFactory(), house=house, **PAGES)
    stripe_api.control.pay(page.rsplit("/", 1)[1], "4242424242424242")
    api = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": stripe_api.url}).v1
    return api, api.subscriptions.list({"limit": 1}).data[0].id


def test_a_coupon_given_at_stripe_lowers_the_revenue(bought):
    api, name = bought
    refresh_membership(name, now=timezone.now())
    half = api.coupons.create({"percent_off": 50, "duration": "forever"})
    api.subscriptions.update(name, {"discounts": [{"coupon": half.id}]})

    refresh_membership(name, now=timezone.now())

    assert RevenueSpan.objects.get(ends_on=None).annual_pence == 32_500


def test_looks_that_find_nothing_new_keep_nothing(bought):
    api, name = bought
    half = api.coupons.create({"percent_off": 50, "duration": "repeating", "duration_in_months": 3})
    api.subscriptions.update(name, {"discounts": [{"coupon": half.id}]})
    refresh_membership(name, now=timezone.now())
    kept = SubscriptionMoment.objects.count()

    for _ in range(3):
        refresh_membership(name, now=timezone.now())

    assert SubscriptionMoment.objects.count() == kept == 1


def test_what_stripe_does_not_have_brings_nothing(stripe_api):
    revenue.remember(event(1, at("2026-01-10"), subscription(id="sub_of_a_deleted_clock")))

    refresh_membership("sub_of_a_deleted_clock", now=timezone.now())

    assert not SubscriptionMoment.objects.exists()
    assert not RevenueSpan.objects.exists()
