import json
import random
import time

import pytest
from django.urls import resolve, reverse
from djstripe.models import Account, APIKey, Event, WebhookEndpoint, WebhookEventTrigger

from accounts.actor import current_actor
from billing import djstripe_account, event_handlers, gateway
from billing.tests.deliveries import deliver, make_event, sign
from billing.webhook_guard import MAX_BODY_BYTES

pytestmark = pytest.mark.django_db

ROWS = (Event, WebhookEndpoint, WebhookEventTrigger, APIKey)
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

        assert WebhookEndpoint.objects.get().secret == ""
        assert not APIKey.objects.exists()

    def test_neither_cookies_nor_a_made_up_address_are_stored(self, client):
        client.cookies["sessionid"] = "stolen"

        deliver(
            client, make_event(), HTTP_X_FORWARDED_FOR="junk, 8.8.8.8", HTTP_AUTHORIZATION="Basic x"
        )

        trigger = WebhookEventTrigger.objects.get()
        assert trigger.remote_ip == "127.0.0.1"
        assert {name.lower() for name in trigger.headers} == {
            "content-length",
            "content-type",
            "stripe-signature",
            "x-forwarded-for",
        }

    @pytest.mark.parametrize("remote", ["", "junk", "fe80::1%eth0"])
    def test_a_peer_without_an_address_is_no_failure(self, client, remote):
        assert deliver(client, make_event(), REMOTE_ADDR=remote).status_code == 200

    @pytest.mark.parametrize(
        ("secret", "status"), [("whsec_tests", 200), ("whsec_forged", 400)], ids=["ours", "forged"]
    )
    @pytest.mark.parametrize("method", ["none", "retrieve_event"])
    def test_what_staff_changed_in_the_row_does_not_count(self, client, method, secret, status):
        deliver(client, make_event())
        WebhookEndpoint.objects.update(djstripe_validation_method=method, djstripe_tolerance=1)
        body = json.dumps(make_event(id="evt_2")).encode()
        signature = sign(body, secret, moment=int(time.time()) - 100)

        response = deliver(client, body, HTTP_STRIPE_SIGNATURE=signature)

        assert response.status_code == status
        assert Event.objects.filter(id="evt_2").exists() == (status == 200)

    def test_stripe_is_named_as_the_actor(self, client, monkeypatch):
        actors = []
        monkeypatch.setattr(
            event_handlers,
            "refresh_membership",
            lambda subscription_id, *, now: actors.append(current_actor()),
        )

        deliver(client, payment_event())

        assert [(actor.name, actor.origin) for actor in actors] == [("stripe", "webhook")]

    def test_one_event_of_a_customer_is_processed_at_a_time(self, client, monkeypatch):
        held = []
        monkeypatch.setattr(event_handlers, "hold_until_commit", held.append)
        subject = {"id": "x_1", "object": "unheard_of", "customer": "cus_1"}

        deliver(client, make_event(data={"object": subject}))

        assert held == ["customer:cus_1"]


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

    @pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
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


def about(**subject):
    return json.dumps(make_event(data={"object": subject})).encode()


# What a sender with the right secret could still get wrong; dj-stripe answers 500 to most of it.
SIGNED_JUNK = {
    "nothing": b"",
    "a number": b"123",
    "null": b"null",
    "true": b"true",
    "a list": b"[]",
    "an empty object": b"{}",
    "a text": b'"evt_1"',
    "cut short": json.dumps(make_event()).encode()[:-5],
    "not UTF-8": b'{"id": "\xff"}',
    "UTF-16": json.dumps(make_event()).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(make_event()).encode(),
    "brackets without end": b"[" * 100_000,
    "deeply nested": json.dumps(make_event(data={"object": {"a": None}}))
    .encode()
    .replace(b"null}}", b"[" * 400 + b"]" * 400 + b"}}"),
    "a number too long": b'{"id": ' + b"9" * 10_000 + b"}",
    "not a number": json.dumps(make_event(pending=float("nan"))).encode(),
    "infinity": json.dumps(make_event()).encode().replace(b"1780000000", b"1e999"),
    "infinity inside": json.dumps(make_event(extra=1))
    .encode()
    .replace(b'"extra": 1', b'"e": 1e999'),
    "NUL in the id": json.dumps(make_event(id="evt\0")).encode(),
    "NUL in a key": json.dumps(make_event(**{"a\0": 1})).encode(),
    "half a surrogate pair": json.dumps(make_event(id="\ud800")).encode(),
    "a number as id": json.dumps(make_event(id=1)).encode(),
    "no id": json.dumps(make_event(id=None)).encode(),
    "an empty type": json.dumps(make_event(type="")).encode(),
    "a list as type": json.dumps(make_event(type=["a"])).encode(),
    "an id too long": json.dumps(make_event(id="e" * 300)).encode(),
    "another object": json.dumps(make_event(object="charge")).encode(),
    "a time of text": json.dumps(make_event(created="today")).encode(),
    "a time of true": json.dumps(make_event(created=True)).encode(),
    "a time beyond time": json.dumps(make_event(created=10**15)).encode(),
    "data of nothing": json.dumps(make_event(data=None)).encode(),
    "data without an object": json.dumps(make_event(data={})).encode(),
    "an account of a number": json.dumps(make_event(account=5)).encode(),
    "no kind of object": about(),
    "a kind of a list": about(object=["invoice"]),
    "a customer of a number": about(object="invoice", customer=5),
    "a customer of a list": about(object="invoice", customer=["a"]),
    "a customer without an id": about(object="invoice", customer={}),
    "a customer with a path as id": about(object="invoice", customer={"id": "../prices"}),
    "an empty customer": about(object="invoice", customer=""),
    "a customer on two lines": about(object="invoice", customer="cus_1\n"),
    "a subscription of true": about(object="checkout.session", subscription=True),
    "a parent of a number": about(object="invoice", parent=5),
    "details of a list": about(object="invoice", parent={"subscription_details": [1]}),
    "a parent's subscription of a number": about(
        object="invoice", parent={"subscription_details": {"subscription": 5}}
    ),
    "a subscription with a number as id": about(object="subscription", id=5),
    "a subscription with a path as id": about(object="subscription", id="../customers"),
    "a subscription with dots as id": about(object="subscription", id=".."),
    "a coupon with a number as id": about(object="coupon", id=5),
    "data with a text": json.dumps(make_event(data={"object": "sub_1"})).encode(),
}


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


class Junk:
    """A small grammar of malformed deliveries, the same ones each time."""

    BODIES = [*SIGNED_JUNK.values(), json.dumps(make_event()).encode()]
    HEADERS = ["", "t=", "v1=", "t=1", "t=1,v1=", "t=1,v1=zz", "t=-1,v1=%s", "t=1e9,v1=%s"]
    HEADERS += ["t=%d,v1=%s", "t=%d,v1=%s,v1=%s", "t=%d, v1=%s", "v1=%s,t=%d", "t=%d,v0=%s"]
    HEADERS += [
        "t=%d,v1=%s;",
        "t=%d,,v1=%s",
        "\xff\xfe",
        "t=\xb2,v1=%s",
        "t=%d,v1=%s\n",
        "a" * 5000,
    ]
    ADDRESSES = [None, "junk", "1.2.3.4, 5.6.7.8", "\xff", "::1", "9" * 500]
    LENGTHS = [None, None, None, "", "-5", "abc", "99999999999999999999"]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def header(self):
        text = self.random.choice(self.HEADERS).replace("%d", str(int(time.time())))
        while "%s" in text:
            text = text.replace("%s", f"{self.random.getrandbits(256):064x}", 1)
        return text

    def delivery(self):
        given = {"HTTP_STRIPE_SIGNATURE": self.header()}
        if (address := self.random.choice(self.ADDRESSES)) is not None:
            given["HTTP_X_FORWARDED_FOR"] = address
        if (length := self.random.choice(self.LENGTHS)) is not None:
            given["CONTENT_LENGTH"] = length
        return self.random.choice(self.BODIES), given


def test_no_junk_of_the_grammar_writes_a_row_or_fails(client):
    junk = Junk(seed=2026)

    answers = [
        deliver(client, body, **given) for body, given in (junk.delivery() for _ in range(400))
    ]

    assert {answer.status_code for answer in answers} <= {400, 413}
    assert written() == 0


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

    def test_it_answers_500_and_keeps_nothing_but_the_reason(self, client, failing):
        response = deliver(client, payment_event())

        assert (response.status_code, Event.objects.count()) == (500, 0)
        assert "gone" in WebhookEventTrigger.objects.get().exception

    def test_the_next_try_is_processed(self, client, failing, monkeypatch):
        deliver(client, payment_event())
        seen = []
        monkeypatch.setattr(
            event_handlers, "refresh_membership", lambda name, *, now: seen.append(name)
        )

        assert deliver(client, payment_event()).status_code == 200
        assert seen == ["sub_1"]


def test_stripe_has_one_address_here_and_djstripes_own_is_closed():
    assert resolve("/stripe/webhook/").url_name == "stripe_webhook"
    assert resolve("/stripe/webhook/").func.csrf_exempt
    assert not resolve("/stripe/webhook/").func.login_required
