import json
import time

import pytest
from django.conf import settings as real_settings
from django.core.cache import cache
from django.db import connection
from django.urls import resolve, reverse
from djstripe.models import Account, APIKey, Event, WebhookEndpoint, WebhookEventTrigger

from accounts.actor import current_actor
from billing import djstripe_account, event_handlers, gateway, webhook
from billing.models import IncomingEvent, Lease
from billing.tests.deliveries import deliver, make_event, sign
from billing.webhook_guard import MAX_BODY_BYTES
from drills.fuzz import fuzz
from drills.junk import SIGNED_JUNK

pytestmark = pytest.mark.django_db

ROWS = (IncomingEvent, Lease, Event, WebhookEndpoint, WebhookEventTrigger, APIKey)
PREVIOUS_SECRET = "whsec_tests_previous"


@pytest.fixture
def client(client):
    client.raise_request_exception = False
    return client


@pytest.fixture(autouse=True)
def our_account(monkeypatch, settings):
    """The account is known, so that dj-stripe need not ask Stripe for it."""
    place = (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_HOST)
    monkeypatch.setitem(
        djstripe_account._account_ids, place, Account.objects.create(id="acct_1").id
    )


@pytest.fixture(autouse=True)
def nobody_was_refused_yet():
    cache.clear()


def written():
    return sum(model.objects.count() for model in ROWS)


def assert_refused(response, status=400):
    assert (response.status_code, written()) == (status, 0)


class TestGenuineDelivery:
    def test_it_is_handed_to_djstripe(self, client):
        assert deliver(client, make_event()).status_code == 200
        assert Event.objects.get().id == "evt_1"

    def test_the_previous_secret_still_counts_while_it_is_being_rotated(self, client):
        body = json.dumps(make_event()).encode()

        response = deliver(client, body, HTTP_STRIPE_SIGNATURE=sign(body, PREVIOUS_SECRET))

        assert (response.status_code, Event.objects.count()) == (200, 1)

    def test_a_signature_made_with_two_secrets_counts(self, client):
        body = json.dumps(make_event()).encode()
        ours, theirs = sign(body), sign(body, "whsec_other")
        both = f"{theirs},{ours.split(',')[1]},v0={'0' * 64}"

        assert deliver(client, body, HTTP_STRIPE_SIGNATURE=both).status_code == 200

    def test_a_second_delivery_of_the_same_event_is_welcome_and_changes_nothing(self, client):
        deliver(client, make_event())

        assert deliver(client, make_event()).status_code == 200
        assert Event.objects.count() == 1

    def test_an_event_that_nobody_knows_is_stored(self, client):
        assert deliver(client, make_event(type="moon.landed")).status_code == 200

    def test_no_secret_reaches_the_database(self, client):
        deliver(client, make_event())

        stored = text_of_every_table()
        assert "evt_1" in stored
        for secret in (real_settings.STRIPE_SECRET_KEY, *real_settings.STRIPE_WEBHOOK_SECRETS):
            assert secret not in stored

    def test_nothing_of_the_request_is_stored_but_its_body(self, client):
        client.cookies["sessionid"] = "stolen"

        deliver(client, make_event(), HTTP_X_FORWARDED_FOR="8.8.8.8", HTTP_AUTHORIZATION="Basic x")

        stored = text_of_every_table()
        assert [word for word in ("stolen", "8.8.8.8", "Basic x") if word in stored] == []

    @pytest.mark.parametrize("remote", ["", "junk", "fe80::1%eth0"])
    def test_a_peer_without_an_address_is_no_failure(self, client, remote):
        assert deliver(client, make_event(), REMOTE_ADDR=remote).status_code == 200

    def test_stripe_is_named_as_the_actor(self, client, monkeypatch):
        actors = []
        monkeypatch.setattr(
            event_handlers,
            "refresh_membership",
            lambda subscription_id, *, now: actors.append(current_actor()),
        )

        deliver(client, payment_event())

        assert [(actor.name, actor.origin) for actor in actors] == [("stripe", "webhook")]


def text_of_every_table():
    """All that the database holds, as one text."""
    with connection.cursor() as cursor:
        rows = []
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            rows += cursor.fetchall()
    return repr(rows)


class TestForgedDelivery:
    def test_one_signed_with_another_secret_is_refused(self, client):
        body = json.dumps(make_event()).encode()

        assert_refused(deliver(client, body, HTTP_STRIPE_SIGNATURE=sign(body, "whsec_forged")))

    def test_one_whose_body_was_changed_is_refused(self, client):
        body = json.dumps(make_event()).encode()
        changed = body.replace(b"evt_1", b"evt_2")

        assert_refused(deliver(client, changed, HTTP_STRIPE_SIGNATURE=sign(body)))

    @pytest.mark.parametrize("debug", [True, False])
    def test_the_sender_cannot_choose_the_secret(self, client, settings, debug):
        settings.DEBUG = debug
        body = json.dumps(make_event()).encode()
        chosen = {
            "HTTP_STRIPE_SIGNATURE": sign(body, "whsec_mine"),
            "HTTP_X_DJSTRIPE_WEBHOOK_SECRET": "whsec_mine",
        }

        assert_refused(deliver(client, body, **chosen))

    def test_a_chosen_secret_does_not_spoil_a_genuine_delivery(self, client, settings):
        settings.DEBUG = True

        response = deliver(client, make_event(), HTTP_X_DJSTRIPE_WEBHOOK_SECRET="whsec_mine")

        assert response.status_code == 200

    @pytest.mark.parametrize("seconds", [-86_400, -301, 310, 86_400])
    def test_a_stale_or_future_one_is_refused(self, client, seconds):
        body = json.dumps(make_event()).encode()
        signature = sign(body, moment=int(time.time()) + seconds)

        assert_refused(deliver(client, body, HTTP_STRIPE_SIGNATURE=signature))

    @pytest.mark.parametrize("seconds", [-290, 290])
    def test_a_clock_that_is_a_little_off_is_forgiven_both_ways(self, client, seconds):
        body = json.dumps(make_event()).encode()
        signature = sign(body, moment=int(time.time()) + seconds)

        assert deliver(client, body, HTTP_STRIPE_SIGNATURE=signature).status_code == 200

    @pytest.mark.parametrize("livemode", [True, None, "false", 0])
    def test_one_from_the_other_mode_is_refused(self, client, livemode):
        assert_refused(deliver(client, make_event(livemode=livemode)))


class TestMethodAndSize:
    @pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
    def test_only_post_is_allowed(self, client, method):
        assert_refused(getattr(client, method)(reverse("stripe_webhook")), status=405)

    def test_one_byte_too_many_is_too_big(self, client):
        assert_refused(deliver(client, b" " * (MAX_BODY_BYTES + 1)), status=413)

    def test_the_length_is_believed_before_the_body_is_read(self, client):
        assert_refused(deliver(client, make_event(), CONTENT_LENGTH=str(10**12)), status=413)

    @pytest.mark.parametrize("length", ["", "-1", "1e3", "²", "0x10"])
    def test_a_missing_or_odd_length_is_refused(self, client, length):
        assert_refused(deliver(client, make_event(), CONTENT_LENGTH=length))


@pytest.mark.parametrize(
    "subject",
    [
        {"id": "SUMMER-20", "object": "unheard_of"},
        {"object": "balance_like"},
        {"id": "x_1", "object": "unheard_of", "customer": None, "parent": None},
        {"id": "x_1", "object": "unheard_of", "customer": {"id": "cus_1", "object": "customer"}},
    ],
    ids=["an id that a person gave", "no id", "nothing referred to", "an expanded customer"],
)
def test_what_stripe_does_send_is_no_junk(client, subject):
    assert deliver(client, make_event(data={"object": subject})).status_code == 200


@pytest.mark.parametrize("body", SIGNED_JUNK.values(), ids=SIGNED_JUNK.keys())
def test_signed_junk_is_refused(client, body):
    assert_refused(deliver(client, body))


def test_2000_deliveries_of_the_grammar_write_no_row_and_fail_nowhere(db):
    found = fuzz(2000, seed=2026)

    assert (found.server_errors, found.taken, found.rows) == (0, 0, 0)
    assert found.p99_ms < 50


def payment_event(**fields):
    return make_event(
        type="invoice.paid",
        data={
            "object": {"object": "x", "parent": {"subscription_details": {"subscription": "sub_1"}}}
        },
        **fields,
    )


class TestFailure:
    @pytest.fixture
    def failing(self, monkeypatch):
        def fail(subscription_id, *, now):
            raise gateway.StripeUnavailable("gone")

        monkeypatch.setattr(event_handlers, "refresh_membership", fail)

    def test_stripe_is_not_told_of_it_and_nothing_but_the_reason_is_kept(self, client, failing):
        response = deliver(client, payment_event())

        assert (response.status_code, Event.objects.count()) == (200, 0)
        event = IncomingEvent.objects.get()
        assert (event.status, event.attempts) == ("failed", 1)
        assert event.error.endswith("gone")

    def test_sent_again_it_is_tried_again_at_once(self, client, failing, monkeypatch):
        deliver(client, payment_event())
        seen = []
        monkeypatch.setattr(
            event_handlers, "refresh_membership", lambda name, *, now: seen.append(name)
        )

        assert deliver(client, payment_event()).status_code == 200
        assert seen == ["sub_1"]


class TestTooManyRefused:
    @pytest.fixture(autouse=True)
    def one_minute(self, monkeypatch):
        monkeypatch.setattr(webhook, "_minute", lambda: 1)

    def refused(self, client, times, **given):
        return [deliver(client, b"junk", HTTP_STRIPE_SIGNATURE="", **given) for _ in range(times)]

    def test_after_60_in_a_minute_the_sender_is_told_to_stop(self, client):
        answers = self.refused(client, 61)

        assert [answer.status_code for answer in answers] == [400] * 60 + [429]
        assert answers[-1]["Retry-After"] == "60"

    def test_they_are_logged_no_more(self, client, caplog):
        self.refused(client, 70)

        refusals = [line for line in caplog.messages if line.startswith("Webhook refused")]
        assert len(refusals) == 60

    def test_a_genuine_delivery_from_the_same_address_comes_through(self, client):
        self.refused(client, 61)

        assert deliver(client, make_event()).status_code == 200

    def test_another_address_is_counted_by_itself(self, client):
        self.refused(client, 61)

        assert self.refused(client, 1, REMOTE_ADDR="10.0.0.9")[0].status_code == 400

    def test_the_next_minute_begins_anew(self, client, monkeypatch):
        self.refused(client, 61)
        monkeypatch.setattr(webhook, "_minute", lambda: 2)

        assert self.refused(client, 1)[0].status_code == 400

    @pytest.mark.parametrize("count", [0, 1])
    def test_an_address_that_the_sender_makes_up_does_not_help(self, client, settings, count):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = count
        for number in range(60):
            self.refused(client, 1, HTTP_X_FORWARDED_FOR=f"9.9.9.{number}, 10.0.0.9")

        answers = self.refused(client, 1, HTTP_X_FORWARDED_FOR="8.8.8.8, 10.0.0.9")

        assert answers[0].status_code == 429

    def test_the_many_addresses_of_one_ipv6_network_are_one_sender(self, client):
        for number in range(60):
            self.refused(client, 1, REMOTE_ADDR=f"2001:db8::{number:x}")

        assert self.refused(client, 1, REMOTE_ADDR="2001:db8::ffff")[0].status_code == 429


def test_stripe_has_one_address_here_and_djstripes_own_is_closed():
    assert resolve("/stripe/webhook/").url_name == "stripe_webhook"
    assert resolve("/stripe/webhook/").func.csrf_exempt
    assert not resolve("/stripe/webhook/").func.login_required
