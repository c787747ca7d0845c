"""A slow Stripe: nobody waits for it with a transaction open, and who waits how long."""

import threading
import time

import pytest
import stripe
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from djstripe.models import Event

from accounts.tests.factories import UserFactory
from billing import gateway, patience
from billing.models import IncomingEvent, Membership
from billing.sync import refresh_membership
from billing.tests.deliveries import deliver, make_event
from billing.tests.factories import PlanFactory, SubscriptionProblemFactory
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
    def test_nobody_waits_for_the_database_while_stripe_is_slow(self, stripe_api, paid_event):
        house = PropertyFactory(live=True)
        stripe_api.control.faults(api_delay=1.5, count=ALL_CALLS)
        delivery = InThread(paid_event)
        delivery.start()
        wait_until_stripe_is_asked(stripe_api)
        stripe_api.sandbox.faults.remaining = 0

        started = time.monotonic()
        EnquiryFactory(property=house)
        waited = time.monotonic() - started
        delivery.join()

        assert waited < 0.5
        assert delivery.status == 200
        assert delivery.seconds > 1
        assert Membership.objects.get().status == "active"

    def test_no_transaction_is_open_while_stripe_is_asked(self, client, paid_event, monkeypatch):
        asked, request = [], patience.Client.request

        def note(self, method, url, *args):
            asked.append((url, connection.in_atomic_block))
            return request(self, method, url, *args)

        monkeypatch.setattr(patience.Client, "request", note)

        deliver(client, paid_event)

        assert len(asked) > 2
        assert [url for url, in_transaction in asked if in_transaction] == []

    def test_nothing_is_asked_twice(self, client, paid_event, monkeypatch):
        asked, request = [], patience.Client.request

        def note(self, method, url, *args):
            asked.append(url)
            return request(self, method, url, *args)

        monkeypatch.setattr(patience.Client, "request", note)

        deliver(client, paid_event)

        assert len(asked) == len(set(asked))

    def test_nothing_is_half_done_and_the_next_try_does_it(self, client, stripe_api, paid_event):
        stripe_api.control.faults(api_status=503, count=1 + patience.RETRIES)

        assert deliver(client, paid_event).status_code == 200
        assert IncomingEvent.objects.get().status == "failed"
        assert not Event.objects.exists()
        assert not Membership.objects.exists()

        assert deliver(client, paid_event).status_code == 200
        assert IncomingEvent.objects.get().status == "done"
        assert Membership.objects.get().status == "active"


class TestOthers:
    @pytest.fixture(autouse=True)
    def shorter(self, monkeypatch):
        monkeypatch.setattr(patience, "SHORT_CALL_SECONDS", 0.5)

    def test_a_look_by_staff_takes_no_longer_than_a_page_may(self, client, stripe_api):
        problem = SubscriptionProblemFactory()
        client.force_login(UserFactory(staff=True))
        stripe_api.control.faults(api_delay=8, count=ALL_CALLS)
        started = time.monotonic()

        client.post(reverse("admin:billing_subscriptionproblem_look_again", args=[problem.pk]))

        assert time.monotonic() - started < patience.SHORT_CALL_SECONDS + 2

    def test_a_job_waits_longer_than_a_page(self, stripe_api, paid_event):
        subscription_id = paid_event["data"]["object"]["id"]
        stripe_api.control.faults(api_delay=patience.SHORT_CALL_SECONDS + 0.5, count=1)

        assert refresh_membership(subscription_id, now=timezone.now()).status == "active"

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
