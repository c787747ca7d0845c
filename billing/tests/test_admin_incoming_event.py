"""What Stripe sent, before staff: reasons in words, and a way to try again."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from django_q.models import OrmQ

from accounts.admin_columns import admin_url
from accounts.tests.factories import UserFactory
from billing.models import Arrival, IncomingEvent
from billing.tests.factories import IncomingEventFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:billing_incomingevent_changelist")
TRY_ALL = reverse("admin:billing_incomingevent_try_all")


@pytest.fixture
def desk(client):
    client.force_login(UserFactory(staff=True))
    return client


@pytest.fixture
def charlie(client):
    """Staff who may look and no more."""
    onlooker = UserFactory(is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_incomingevent"))
    client.force_login(onlooker)
    return client


def parked(**fields):
    return IncomingEventFactory(status=Arrival.PARKED, next_try_at=None, **fields)


def try_again(client, event, **data):
    url = reverse("admin:billing_incomingevent_try_again", args=[event.pk])
    return client.post(url, data)


def statuses():
    return sorted(IncomingEvent.objects.values_list("status", flat=True))


class TestList:
    def test_it_says_why_in_words(self, desk):
        parked()

        page = desk.get(LIST).content.decode()

        assert "Stripe could not be reached, or had too much to do." in page
        assert "StripeUnavailable" not in page

    @pytest.mark.parametrize(
        ("wish", "number"), [("troubled", 2), ("parked", 1), ("failed", 1), ("done", 1)]
    )
    def test_it_is_narrowed_to_a_state(self, desk, wish, number):
        parked()
        IncomingEventFactory(status=Arrival.FAILED)
        IncomingEventFactory(status=Arrival.DONE, next_try_at=None)

        assert desk.get(LIST, {"state": wish}).context["cl"].result_count == number

    def test_what_was_sent_stays_out_of_it(self, desk):
        parked(body="the whole body")

        assert "the whole body" not in desk.get(LIST).content.decode()

    def test_trying_all_is_offered_only_when_something_failed(self, desk):
        IncomingEventFactory(status=Arrival.DONE, next_try_at=None)

        assert TRY_ALL not in desk.get(LIST).content.decode()


class TestPage:
    def test_it_shows_what_was_sent_and_what_was_said(self, desk):
        page = desk.get(admin_url(parked(body='{"id": "evt_of_old"}'))).content.decode()

        assert "evt_of_old" in page
        assert "StripeUnavailable: 503" in page

    def test_a_done_one_cannot_be_tried_again(self, desk):
        event = IncomingEventFactory(status=Arrival.DONE, next_try_at=None)

        assert "Try again" not in desk.get(admin_url(event)).content.decode()


class TestTryingAgain:
    def test_one_is_given_to_the_worker(self, desk):
        event = parked(stripe_customer_id="cus_1")

        answer = try_again(desk, event)

        assert answer.url == admin_url(event)
        assert statuses() == ["waiting"]
        assert OrmQ.objects.get().task["args"] == ("cus_1",)

    def test_from_the_home_page_it_leads_back_there(self, desk):
        home = reverse("admin:index")

        assert try_again(desk, parked(), next=home).url == home

    def test_all_that_failed_or_were_parked_are_given_to_it(self, desk):
        parked(stripe_customer_id="cus_1")
        IncomingEventFactory(status=Arrival.FAILED, stripe_customer_id="cus_1")
        IncomingEventFactory(status=Arrival.DONE, next_try_at=None)

        answer = desk.post(TRY_ALL)

        assert statuses() == ["done", "waiting", "waiting"]
        assert OrmQ.objects.count() == 1  # one pass does all of a customer
        [said] = get_messages(answer.wsgi_request)
        assert str(said).startswith("2 events are being tried again")

    def test_those_that_are_ticked_are_given_to_it(self, desk):
        event = parked()
        parked()

        desk.post(LIST, {"action": "try_again", "_selected_action": [event.pk]})

        assert statuses() == ["parked", "waiting"]

    def test_it_is_not_for_those_who_may_only_look(self, charlie):
        event = parked()

        assert charlie.get(admin_url(event)).status_code == 200
        assert try_again(charlie, event).status_code == 403
        assert charlie.post(TRY_ALL).status_code == 403
        assert statuses() == ["parked"]

    def test_no_link_alone_does_it(self, desk):
        assert desk.get(TRY_ALL).status_code == 405
