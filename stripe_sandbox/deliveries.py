"""Webhooks: every event to every endpoint that wants it, signed, in order, retried."""

import json
import threading
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from stripe_sandbox.sending import post, sign
from stripe_sandbox.shapes import present

if TYPE_CHECKING:
    from stripe_sandbox.sandbox import Sandbox

# Wall time between tries. Stripe takes days; a drill wants to see all of them.
RETRY_SECONDS = (1, 2, 4, 8, 16)
# How many later deliveries one that is put out of order lets pass, at most.
MOST_PLACES = 5


class Deliveries:
    """One thread sends; a delivery that waits for its next try does not hold up the others."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        # Guards the rows only. It is never held while sending, because the receiver calls the
        # API back before it answers.
        self.changed = threading.Condition()
        self.stopping = False
        self.thread = threading.Thread(target=self.work, name="deliveries", daemon=True)
        self.rows: dict[str, dict] = {}
        self.waiting: dict[str, dict] = {}
        self.held: dict[str, int] = {}
        for row in sandbox.store.side["deliveries"].values():
            self.keep(row)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        if self.thread.is_alive():
            self.thread.join(timeout=1)

    def forget(self) -> None:
        with self.changed:
            self.rows.clear()
            self.waiting.clear()
            self.held.clear()
            self.changed.notify_all()

    def add(self, events: list[dict]) -> None:
        """All at once, so that what is to overtake is there before anything is sent."""
        endpoints = list(self.sandbox.store.all("webhook_endpoint"))
        with self.changed:
            for event in events:
                for endpoint in endpoints:
                    if wants(endpoint, event["type"]):
                        self.add_faultily(event, endpoint)
            self.changed.notify_all()

    def add_faultily(self, event: dict, endpoint: dict) -> None:
        faults, name = self.sandbox.faults, f"{event['id']}/{endpoint['id']}"
        if faults.hits("drop", name):
            self.add_row(event, endpoint, status="dropped")
            return
        copies = 2 if faults.hits("duplicate", name) else 1
        for number in range(copies):
            row = self.add_row(event, endpoint)
            if faults.hits("delay", f"{name}/{number}"):
                row["next_try_at"] = time.time() + faults.switches.webhook_delay_seconds
            elif faults.hits("reorder", f"{name}/{number}"):
                row["next_try_at"] = time.time() + faults.switches.webhook_reorder_seconds
                self.held[row["id"]] = 1 + int(faults.draw(f"places/{name}") * MOST_PLACES)

    def let_pass(self) -> None:
        """One more has come; who has let enough others pass goes on, behind them."""
        for name in list(self.held):
            self.held[name] -= 1
            if self.held[name] < 0 or name not in self.waiting:
                del self.held[name]
                self.move_to_the_end(name)

    def move_to_the_end(self, name: str) -> None:
        row = self.waiting.pop(name, None)
        if row:
            row["next_try_at"] = 0
            self.waiting[name] = row

    def add_row(self, event: dict, endpoint: dict, status: str = "pending") -> dict:
        row = {
            "id": self.sandbox.new_id("dlv"),
            "event": event["id"],
            "type": event["type"],
            "object_id": event["data"]["object"]["id"],
            "endpoint": endpoint["id"],
            "url": endpoint["url"],
            "status": status,
            "attempts": 0,
            "next_try_at": 0,
            "response_status": None,
            "error": None,
        }
        self.keep(row)
        self.let_pass()
        return row

    def keep(self, row: dict) -> None:
        self.rows[row["id"]] = row
        if row["status"] == "pending":
            self.waiting[row["id"]] = row
        else:
            self.waiting.pop(row["id"], None)
        self.sandbox.store.set("deliveries", row["id"], row)

    def count(self) -> dict[str, int]:
        with self.changed:
            counts = {"pending": 0, "delivered": 0, "failed": 0, "dropped": 0}
            for row in self.rows.values():
                counts[row["status"]] += 1
            return counts

    def newest_first(self) -> list[dict]:
        with self.changed:
            return [dict(row) for row in reversed(self.rows.values())]

    def wait(self, timeout: float) -> bool:
        """Whether every delivery was answered or given up within `timeout` seconds."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.waiting, timeout)

    def retry(self, row_id: str) -> dict | None:
        with self.changed:
            row = self.rows.get(row_id)
            if row:
                self.keep(row | {"status": "pending", "attempts": 0, "next_try_at": 0})
                self.changed.notify_all()
            return self.rows.get(row_id)

    def work(self) -> None:
        while row := self.take():
            answer = self.send(row)
            with self.changed:
                if self.stopping:
                    return
                # Not if it was reset or asked for again meanwhile.
                if self.rows.get(row["id"]) is row:
                    self.keep(row | self.outcome(row, *answer))
                    self.sandbox.store.commit()
                self.changed.notify_all()

    def take(self) -> dict | None:
        """The oldest delivery whose time has come, waiting for one; None at the end."""
        with self.changed:
            while not self.stopping:
                for row in self.waiting.values():
                    if row["next_try_at"] <= time.time():
                        return row
                self.changed.wait(seconds_to_next(self.waiting.values()))
        return None

    def send(self, row: dict) -> tuple[int | None, str | None]:
        event = self.sandbox.find(row["event"])
        endpoint = self.sandbox.find(row["endpoint"])
        if not event or not endpoint:
            return None, "The endpoint is gone."
        body = json.dumps(present(event), indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (sandbox)",
            "Stripe-Signature": sign(body, endpoint["_secret"], self.sandbox.clock.signing_time()),
        }
        return post(endpoint["url"], body, headers)

    def outcome(self, row: dict, status: int | None, error: str | None) -> dict:
        attempts = row["attempts"] + 1
        fields = {"attempts": attempts, "response_status": status, "error": error}
        if status is not None and 200 <= status < 300:
            return fields | {"status": "delivered"}
        retries = self.sandbox.options.retry_seconds
        if attempts > len(retries) or not self.sandbox.find(row["endpoint"]):
            return fields | {"status": "failed"}
        return fields | {"next_try_at": time.time() + retries[attempts - 1]}


def wants(endpoint: dict, event_type: str) -> bool:
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or event_type in enabled)


def seconds_to_next(waiting: Collection[dict]) -> float | None:
    if not waiting:
        return None
    return max(0.0, min(row["next_try_at"] for row in waiting) - time.time())
