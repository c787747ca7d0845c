"""One sandbox: its objects, its clock, its events and the deliveries they cause."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from stripe_sandbox.clock import Clock
from stripe_sandbox.deliveries import RETRY_SECONDS, Deliveries
from stripe_sandbox.errors import Missing
from stripe_sandbox.faults import Faults
from stripe_sandbox.ids import derive_id, derive_text
from stripe_sandbox.shapes import build, present
from stripe_sandbox.store import Store
from stripe_sandbox.timetable import Timetable

# What docs/subscriptions.md asks of a real endpoint; a test holds the two together.
DEFAULT_EVENTS = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "subscription_schedule.created",
    "subscription_schedule.updated",
    "subscription_schedule.released",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.updated",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "credit_note.created",
    "credit_note.updated",
    "credit_note.voided",
)
ACCOUNT_OPENED_AT = 1577836800  # 2020-01-01, before anything a demo would travel back to.
STANDING_KINDS = {"account", "webhook_endpoint", "event"}


@dataclass
class Options:
    state: str = ":memory:"
    webhook_url: str = ""
    webhook_secret: str = "whsec_sandbox"  # noqa: S105
    enabled_events: tuple[str, ...] = DEFAULT_EVENTS
    secret_key: str = ""
    public_url: str = "http://127.0.0.1:8420"
    seed: str = "gatehouse"
    retry_seconds: tuple[float, ...] = RETRY_SECONDS


class Sandbox:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.depth = 0
        self.undelivered: list[dict] = []
        self.store = Store(options.state)
        self.faults = Faults(options.seed)
        self.ended = threading.Event()
        self.timetable = Timetable(self)
        self.deliveries = Deliveries(self)
        self.prepare()

    def prepare(self) -> None:
        """Set up what a new state needs and an old one may have outdated."""
        settings = self.store.side["settings"]
        self.clock = Clock(settings.get("clock"), partial(self.store.set, "settings", "clock"))
        with self.changing():
            self.open_account()
            self.configure_endpoint()
        self.timetable.load()

    def start(self) -> None:
        self.deliveries.start()
        self.timetable.start()

    def stop(self) -> None:
        self.ended.set()
        self.timetable.stop()
        self.deliveries.stop()
        self.store.close()

    def reset(self) -> None:
        with self.lock:
            self.deliveries.forget()
            self.undelivered.clear()
            self.store.clear()
            self.faults.off()
            self.prepare()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the state still; when it is left, write it and hand its events to delivery."""
        with self.lock:
            self.depth += 1
            try:
                yield
            finally:
                self.depth -= 1
                if not self.depth:
                    self.settle()

    def settle(self) -> None:
        events, self.undelivered = self.undelivered, []
        if events:
            self.deliveries.add(events)
        self.store.flush()

    def now(self) -> int:
        return self.clock.now()

    def new_id(self, prefix: str) -> str:
        name = f"count:{prefix}"
        number = self.store.side["settings"].get(name, 0) + 1
        self.store.set("settings", name, number)
        return derive_id(prefix, self.options.seed, number)

    def derive_text(self, source: str, length: int, alphabet: str) -> str:
        return derive_text(f"{self.options.seed}/{source}", length, alphabet)

    def create(self, kind: str, prefix: str, **fields) -> dict:
        obj = build(kind, id=self.new_id(prefix), **{"created": self.now(), **fields})
        return self.save(obj)

    def save(self, obj: dict) -> dict:
        self.store.put(obj)
        self.timetable.note(obj)
        return obj

    def find(self, object_id: str | None) -> dict | None:
        return self.store.objects.get(object_id)

    def get(self, kind: str, object_id: str, param: str = "id") -> dict:
        obj = self.store.by_kind.get(kind, {}).get(object_id)
        if obj is None:
            raise Missing(kind, object_id, param)
        return obj

    def all(self, kind: str, **wanted) -> list[dict]:
        """Oldest first, those whose fields equal `wanted`."""
        return [
            obj
            for obj in self.store.all(kind)
            if all(obj.get(name) == value for name, value in wanted.items())
        ]

    def is_untouched(self) -> bool:
        """Nothing happened yet, so the clock may still be set anywhere."""
        return not any(
            objects for kind, objects in self.store.by_kind.items() if kind not in STANDING_KINDS
        )

    def record(self, event_type: str, obj: dict, before: dict | None = None) -> None:
        """Write down that something happened to `obj`, and queue it for the endpoints."""
        data = {"object": present(obj)}
        if before is not None:
            data["previous_attributes"] = {
                name: value for name, value in before.items() if data["object"].get(name) != value
            }
        event = self.create("event", "evt", type=event_type, data=data)
        self.undelivered.append(event)
        if self.faults.hits("twin", event["id"]):
            self.undelivered.append(self.create("event", "evt", type=event_type, data=data))

    def open_account(self) -> None:
        if not self.store.by_kind.get("account"):
            name = derive_id("acct", self.options.seed, 1)
            self.save(build("account", id=name[:21], created=ACCOUNT_OPENED_AT))

    def configure_endpoint(self) -> None:
        """Keep the endpoint given on the command line in step with the command line."""
        if not self.options.webhook_url:
            return
        mine = [obj for obj in self.all("webhook_endpoint") if obj.get("_from_options")]
        endpoint = mine[0] if mine else self.create("webhook_endpoint", "we", _from_options=True)
        endpoint["url"] = self.options.webhook_url
        endpoint["enabled_events"] = list(self.options.enabled_events)
        endpoint["_secret"] = self.options.webhook_secret
        self.save(endpoint)
