"""A sandbox, the official client pointed at it, and a receiver of its webhooks."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from stripe_sandbox.process import running_sandbox

KEY = "sk_test_sandbox"
SECRET = "whsec_tests"
START = int(datetime(2025, 1, 1, 9, tzinfo=UTC).timestamp())


class Receiver:
    """Takes webhooks, checks their signature, and answers what it was told to."""

    def __init__(self):
        self.events: list = []
        self.answers: list[int] = []
        self.calls = 0
        self.on_event = lambda event: None
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.http.server_port}/webhook"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def handler(receiver):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args):
                pass

        return Handler

    def take(self, body: bytes, signature: str) -> int:
        self.calls += 1
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            event = stripe.Webhook.construct_event(body, signature, SECRET)
            self.on_event(event)
            self.events.append(event)
        return status

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def stop(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


class Shop:
    """What a club sells, and people who buy it."""

    def __init__(self, sandbox, client):
        self.control = sandbox.control
        self.client = client
        self.product = client.v1.products.create({"name": "Membership"})
        self.vat = client.v1.tax_rates.create(
            {"display_name": "VAT", "percentage": 20, "inclusive": False, "country": "GB"}
        )
        self.monthly = self.price(5000, "month", lookup_key="monthly")
        self.yearly = self.price(50000, "year", lookup_key="yearly")

    def price(self, amount: int, interval: str, **more):
        return self.client.v1.prices.create(
            {
                "product": self.product.id,
                "currency": "gbp",
                "unit_amount": amount,
                "recurring": {"interval": interval},
                **more,
            }
        )

    def session(self, price=None, **more):
        who = {} if "customer" in more else {"customer_email": "alice@example.com"}
        return self.client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "line_items": [{"price": (price or self.monthly).id, "quantity": 1}],
                "success_url": "http://shop.test/thanks?session={CHECKOUT_SESSION_ID}",
                "cancel_url": "http://shop.test/join",
                "metadata": {"place": "7"},
                "subscription_data": {
                    "metadata": {"member": "42"},
                    "default_tax_rates": [self.vat.id],
                },
                **who,
                **more,
            }
        )

    def subscribe(self, price=None, card: str = "4242424242424242", **more):
        paid = self.control.pay(self.session(price, **more).id, card, wait=True)
        return self.subscription(paid["subscription"])

    def subscription(self, name: str):
        return self.client.v1.subscriptions.retrieve(name)

    def invoices(self, subscription) -> list:
        return self.client.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def sandbox(receiver):
    with running_sandbox(
        receiver.url, SECRET, enabled_events=("*",), retry_seconds=(0.02,) * 5
    ) as running:
        running.control.freeze(START)
        yield running


@pytest.fixture
def client(sandbox):
    return connect(sandbox.url)


@pytest.fixture
def control(sandbox):
    return sandbox.control


@pytest.fixture
def shop(sandbox, client):
    return Shop(sandbox, client)


def connect(url: str, key: str = KEY) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)


def at(year: int, month: int, day: int, hour: int = 9) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())
