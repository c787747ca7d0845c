"""A slow Stripe: how long a delivery holds its transaction, and who may wait longer."""

import threading
import time

import pytest
import stripe
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from djstripe.models import Event

from billing import gateway, patience
from billing.models import Membership
from billing.sync import refresh_membership
from billing.tests.deliveries import deliver, make_event
from billing.tests.factories import PlanFactory
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]

PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
ALL_CALLS = 1000


@pytest.fixture
def paid_event(stripe_api):
    """The event of a purchase that we have not heard of yet."""
    house = PropertyFactory()
    page = gateway.start_checkout(house.owner, PlanFactory(), house=house, **PAGES)
    stripe_api.control.pay(page.rsplit("/", 1)[1])
    [subscription] = stripe_api.sandbox.all("subscription")
    return make_event(type="customer.subscription.created", data={"object": subscription})


class InThread(threading.Thread):
    """Deliver an event from a connection of its own; afterwards `status` and `seconds`."""

    def __init__(self, event):
        super().__init__()
        self.event = event

    def run(self):
        started = time.monotonic()
        try:
            client = Client(raise_request_exception=False)
            self.status = deliver(client, self.event).status_code
        finally:
            connections[connection.alias].close()
        self.seconds = time.monotonic() - started


def wait_until_stripe_is_asked(running):
    until = time.monotonic() + 10
    while running.sandbox.faults.remaining == ALL_CALLS and time.monotonic() < until:
        time.sleep(0.01)
    assert running.sandbox.faults.remaining < ALL_CALLS


class TestDelivery:
    def test_an_enquiry_is_kept_while_stripe_is_slow(self, stripe_api, paid_event):
        house = PropertyFactory(live=True)
        stripe_api.control.faults(api_delay=8, count=ALL_CALLS)
        delivery = InThread(paid_event)
        delivery.start()
        wait_until_stripe_is_asked(stripe_api)

        EnquiryFactory(property=house)
        delivery.join()

        assert Enquiry.objects.filter(property=house).count() == 1
        assert delivery.status == 500
        assert delivery.seconds < patience.SHORT_CALL_SECONDS + 2

    def test_nothing_is_half_done_and_the_next_try_does_it(self, client, stripe_api, paid_event):
        client.raise_request_exception = False
        stripe_api.control.faults(api_delay=8, count=1)

        assert deliver(client, paid_event).status_code == 500
        assert not Event.objects.exists()
        assert not Membership.objects.exists()

        assert deliver(client, paid_event).status_code == 200
        assert Membership.objects.get().status == "active"

    def test_many_calls_that_are_each_quick_enough_share_one_budget(
        self, client, stripe_api, paid_event, monkeypatch
    ):
        monkeypatch.setattr(patience, "BUDGET_SECONDS", 1)
        client.raise_request_exception = False
        stripe_api.control.faults(api_delay=0.4, count=ALL_CALLS)
        started = time.monotonic()

        assert deliver(client, paid_event).status_code == 500

        assert time.monotonic() - started < 2
        assert not Membership.objects.exists()

    def test_a_failed_call_is_not_tried_again_within_the_delivery(
        self, client, stripe_api, paid_event
    ):
        client.raise_request_exception = False
        stripe_api.control.faults(api_status=503, count=1)

        assert deliver(client, paid_event).status_code == 500

    def test_the_time_is_well_under_what_writers_on_sqlite_wait(self, settings):
        writers_wait = settings.DATABASES["default"].get("OPTIONS", {}).get("timeout", 20)

        assert patience.SHORT_CALL_SECONDS < patience.BUDGET_SECONDS <= writers_wait / 2


class TestOthers:
    def test_a_look_by_staff_holds_its_transaction_no_longer(self, stripe_api, paid_event):
        stripe_api.control.faults(api_delay=8, count=ALL_CALLS)
        subscription_id = paid_event["data"]["object"]["id"]
        started = time.monotonic()

        with pytest.raises(gateway.StripeUnavailable):
            refresh_membership(subscription_id, now=timezone.now())

        assert time.monotonic() - started < patience.SHORT_CALL_SECONDS + 2

    def test_who_buys_waits_longer(self, stripe_api):
        stripe_api.control.faults(api_delay=patience.SHORT_CALL_SECONDS + 0.5, count=1)

        assert gateway.find_price(PlanFactory()) is None

    def test_patience_comes_back_after_a_delivery(self, stripe_api):
        with patience.short_patience():
            pass
        stripe_api.control.faults(api_status=500, count=1)

        assert gateway.ensure_price(PlanFactory())

    def test_djstripes_own_calls_go_the_same_way(self):
        assert stripe.default_http_client is patience.http_client
        assert stripe.max_network_retries == patience.RETRIES
