"""The inbox: one row for each event, whatever comes of it, and nothing lost."""

import datetime
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from djstripe.models import Account

from billing import djstripe_account, event_handlers, gateway, inbox
from billing.inbox import processing, tries
from billing.models import IncomingEvent, Lease
from billing.tests.deliveries import deliver, make_event
from billing.tests.factories import IncomingEventFactory, MembershipFactory

NOW = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def our_account(monkeypatch, settings, db):
    """The account is known, so that dj-stripe need not ask Stripe for it."""
    place = (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_HOST)
    account = Account.objects.create(id="acct_1")
    monkeypatch.setitem(djstripe_account._account_ids, place, account.id)


@pytest.fixture
def looked_at(monkeypatch, our_account):
    """The subscriptions that were looked at; an exception in `trouble` is raised instead."""
    looks = Looks()
    monkeypatch.setattr(event_handlers, "refresh_membership", looks.look)
    monkeypatch.setattr(processing.Event, "process", looks.store)
    return looks


class Looks(list):
    trouble = None

    def __init__(self):
        self.stored = []

    def store(self, content):
        self.stored.append(content["id"])

    def look(self, subscription_id, *, now):
        if self.trouble:
            raise self.trouble
        self.append(subscription_id)


@pytest.fixture
def later(settings):
    """Leave the processing to the worker, as a real site does."""
    settings.STRIPE_EVENTS_AT_ONCE = False


def paid(number=1, customer="cus_1", subscription="sub_1"):
    subject = {"id": "x_1", "object": "x", "customer": customer}
    subject["parent"] = {"subscription_details": {"subscription": subscription}}
    return make_event(id=f"evt_{number}", type="invoice.paid", data={"object": subject})


@pytest.mark.django_db
class TestTakingIn:
    def test_the_event_is_kept_as_it_came(self, client, later):
        body = json.dumps(paid(), indent=3).encode()

        assert deliver(client, body).status_code == 200

        event = IncomingEvent.objects.get()
        assert event.body.encode() == body
        assert (event.stripe_id, event.type, event.status) == ("evt_1", "invoice.paid", "waiting")
        assert (event.stripe_customer_id, event.stripe_subscription_id) == ("cus_1", "sub_1")

    def test_the_worker_is_told_and_nothing_is_done_yet(self, client, later, looked_at):
        deliver(client, paid())

        assert OrmQ.objects.count() == 1
        assert (looked_at, looked_at.stored) == ([], [])

    def test_the_workers_task_processes_it(self, client, later, looked_at):
        deliver(client, paid())
        task = OrmQ.objects.get().task

        assert (task["func"], task["args"]) == ("billing.inbox.work_off", ("cus_1",))
        inbox.work_off(*task["args"])

        assert looked_at == ["sub_1"]
        assert IncomingEvent.objects.get().status == "done"

    def test_an_event_seen_before_adds_neither_a_row_nor_a_task(self, client, later):
        for _ in range(3):
            assert deliver(client, paid()).status_code == 200

        assert IncomingEvent.objects.get().seen == 3
        assert OrmQ.objects.count() == 1

    def test_an_event_that_is_done_is_not_done_again(self, client, looked_at):
        deliver(client, paid())
        deliver(client, paid())

        assert looked_at == ["sub_1"]

    def test_an_event_about_nobody_is_done_too(self, client, looked_at):
        deliver(client, make_event())

        event = IncomingEvent.objects.get()
        assert (event.stripe_customer_id, event.status) == ("", "done")


@pytest.mark.django_db(transaction=True)
def test_8_deliveries_of_one_event_at_once_are_one_row(settings):
    settings.STRIPE_EVENTS_AT_ONCE = False

    def deliver_once(_):
        try:
            return deliver(Client(raise_request_exception=False), paid()).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(deliver_once, range(8)))

    assert answers == [200] * 8
    assert IncomingEvent.objects.get().seen == 8


@pytest.mark.django_db
class TestProcessing:
    def test_what_was_fetched_for_one_event_of_a_customer_serves_all_that_waited(
        self, client, later, looked_at
    ):
        for number in range(5):
            deliver(client, paid(number))

        tally = inbox.work_off("cus_1")

        assert (tally.done, looked_at) == (5, ["sub_1"])
        assert len(looked_at.stored) == 5

    def test_one_that_comes_in_during_a_pass_is_looked_at_anew(
        self, client, later, looked_at, monkeypatch
    ):
        deliver(client, paid(1))
        finish = processing._finish

        def finish_while_another_comes(event, content):
            finish(event, content)
            if event.stripe_id == "evt_1":
                deliver(client, paid(2))

        monkeypatch.setattr(processing, "_finish", finish_while_another_comes)

        assert inbox.work_off("cus_1").done == 2
        assert looked_at == ["sub_1", "sub_1"]

    def test_customers_of_another_are_left_to_another(self, client, later, looked_at):
        deliver(client, paid())
        Lease.objects.create(name="cus_1", token="theirs", until=timezone.now() + MINUTE)

        assert inbox.work_off("cus_1").done == 0
        assert IncomingEvent.objects.get().status == "waiting"

    def test_no_lease_is_left_behind(self, client, looked_at):
        deliver(client, paid())

        assert not Lease.objects.exists()

    def test_the_membership_is_right_even_if_djstripe_fails(self, client, looked_at, monkeypatch):
        monkeypatch.setattr(processing.Event, "process", lambda content: 1 / 0)

        deliver(client, paid())

        assert looked_at == ["sub_1"]
        assert IncomingEvent.objects.get().status == "failed"

    def test_a_customer_of_another_account_is_nobody_here(self, client, looked_at, monkeypatch):
        monkeypatch.setattr(processing.Event, "process", finds_no_customer)

        deliver(client, paid(customer="cus_foreign"))

        event = IncomingEvent.objects.get()
        assert (event.status, event.error) == ("done", "")

    @pytest.mark.parametrize("by_us", [True, False])
    def test_a_customer_of_ours_that_stripe_does_not_have_is_parked_at_once(
        self, client, looked_at, monkeypatch, by_us
    ):
        MembershipFactory(stripe_customer_id="cus_1")
        monkeypatch.setattr(processing.Event, "process", finds_no_customer)
        if by_us:
            looked_at.trouble = gateway.StripeUnavailable("refused")
            looked_at.trouble.__cause__ = no_such_customer()

        deliver(client, paid())

        event = IncomingEvent.objects.get()
        assert (event.status, event.next_try_at) == ("parked", None)
        assert "See whether the Stripe key is of the account" in event.reason

    def test_one_event_that_fails_stops_no_other(self, client, later, looked_at, monkeypatch):
        monkeypatch.setattr(processing.Event, "process", fails_at_the_first)
        deliver(client, paid(1))
        deliver(client, paid(2))

        inbox.work_off("cus_1")

        assert states() == {"evt_1": "failed", "evt_2": "done"}

    def test_when_stripe_is_silent_the_others_do_not_wait_in_vain(self, client, later, looked_at):
        looked_at.trouble = gateway.StripeUnavailable("silence")
        for number in range(3):
            deliver(client, paid(number))
        deliver(client, paid(9, customer="cus_2"))

        tally = inbox.work_off_due(seconds=10)

        assert (tally.failed, tally.unreachable) == (3, 3)
        assert states()["evt_9"] == "waiting"


@pytest.mark.django_db
class TestSubscriptionsOf:
    @pytest.mark.parametrize(
        ("kind", "subject"),
        [
            ("customer.subscription.updated", {"object": "subscription", "id": "sub_1"}),
            ("checkout.session.completed", {"subscription": "sub_1"}),
            ("subscription_schedule.updated", {"subscription": "sub_1"}),
            ("invoice.voided", {"subscription": "sub_1"}),
            ("charge.refunded", {"customer": "cus_1"}),
            ("credit_note.created", {"customer": {"id": "cus_1"}}),
            ("charge.dispute.created", {"charge": "ch_1"}),
            ("refund.updated", {"charge": {"id": "ch_1"}}),
        ],
    )
    def test_each_event_leads_to_its_subscription(self, kind, subject, monkeypatch):
        MembershipFactory(stripe_subscription_id="sub_1", stripe_customer_id="cus_1")
        charge = {"id": "ch_1", "customer": "cus_1"}
        monkeypatch.setattr(event_handlers, "fetch_charge", {"ch_1": charge}.get)
        event = make_event(type=kind, data={"object": subject})

        assert event_handlers.subscriptions_of(event) == ["sub_1"]

    @pytest.mark.parametrize(
        ("kind", "subject"),
        [
            ("price.updated", {"id": "price_1"}),
            ("checkout.session.completed", {"subscription": None}),
            ("charge.refunded", {"customer": None}),
            ("charge.dispute.created", {"charge": "ch_of_another"}),
        ],
    )
    def test_others_lead_nowhere(self, kind, subject, monkeypatch):
        monkeypatch.setattr(event_handlers, "fetch_charge", lambda charge_id: None)
        event = make_event(type=kind, data={"object": subject})

        assert event_handlers.subscriptions_of(event) == []


@pytest.mark.django_db
class TestTrying:
    @pytest.fixture(autouse=True)
    def at_ten(self):
        with time_machine.travel(NOW, tick=False) as self.clock:
            yield

    def test_the_wait_grows_and_after_three_days_it_is_parked_for_staff(
        self, client, looked_at, caplog
    ):
        looked_at.trouble = gateway.StripeUnavailable("silence")
        deliver(client, paid())
        waits = []
        while (event := IncomingEvent.objects.get()).status == "failed":
            waits.append(event.next_try_at - timezone.now())
            self.clock.move_to(event.next_try_at)
            inbox.work_off("cus_1")

        assert (event.status, event.next_try_at) == ("parked", None)
        assert tuple(waits) == tries.WAITS == tuple(sorted(waits))
        assert sum(waits, datetime.timedelta()) > datetime.timedelta(days=2.9)
        assert any("was given up" in message for message in caplog.messages)

    def test_nothing_is_tried_before_its_time(self, client, looked_at):
        looked_at.trouble = gateway.StripeUnavailable("silence")
        deliver(client, paid())

        assert inbox.work_off_due(seconds=10).failed == 0

    def test_a_parked_event_is_tried_again_when_staff_say_so(self, looked_at):
        event = IncomingEventFactory(status="parked", next_try_at=None, body=json.dumps(paid()))

        inbox.try_again([event], now=NOW)
        inbox.work_off(event.stripe_customer_id)

        event.refresh_from_db()
        assert (event.status, event.error, looked_at) == ("done", "", ["sub_1"])

    def test_a_done_event_is_not_tried_again(self):
        event = IncomingEventFactory(status="done", next_try_at=None)

        assert inbox.try_again([event], now=NOW) == []

    def test_the_command_says_that_some_could_not_be_processed(self, client, later, looked_at):
        looked_at.trouble = gateway.StripeUnavailable("silence")
        deliver(client, paid())

        with pytest.raises(CommandError, match="could not be processed"):
            call_command("stripe_events")

    def test_the_command_takes_what_a_lost_task_left(self, client, later, looked_at, capsys):
        deliver(client, paid())
        OrmQ.objects.all().delete()

        call_command("stripe_events")

        assert looked_at == ["sub_1"]
        assert "Processed 1 of 1" in capsys.readouterr().out

    def test_after_60_days_done_events_are_forgotten_and_no_others(self, capsys):
        old, young = NOW - datetime.timedelta(days=61), NOW - datetime.timedelta(days=59)
        IncomingEventFactory(status="done", next_try_at=None, done_at=old)
        kept = IncomingEventFactory(status="done", next_try_at=None, done_at=young)
        parked = IncomingEventFactory(status="parked", next_try_at=None, received_at=old)

        call_command("stripe_events", "--forget")

        assert set(IncomingEvent.objects.all()) == {kept, parked}


def fails_at_the_first(content):
    if content["id"] == "evt_1":
        raise ValueError("broken")


def no_such_customer():
    said = "No such customer: 'cus_1'"
    return stripe.InvalidRequestError(said, "customer", code="resource_missing")


def finds_no_customer(content):
    raise no_such_customer()


def states():
    return dict(IncomingEvent.objects.values_list("stripe_id", "status"))
