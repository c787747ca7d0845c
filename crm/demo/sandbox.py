"""The Stripe sandbox's levers: what Stripe's own API cannot do, pulled over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests

TIMEOUT_SECONDS = 600
# Of what the site listens for, enough to tell the story; more of it would only take longer. What
# happens in the demo afterwards goes to the endpoint of `make run`, which gets all.
EVENTS = [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.voided",
    "subscription_schedule.updated",
    "subscription_schedule.released",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "credit_note.created",
]


class SandboxError(Exception):
    """The sandbox does not answer, or not as it should; the message says what to do."""


class SandboxMissing(SandboxError):
    """Nothing answers where the sandbox should be."""


class Sandbox:
    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False  # it is on this machine: no proxy, no .netrc
        self.session.headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Call a lever under `/_sandbox/`, with JSON."""
        return self._send(method, f"/_sandbox/{path}", json=body)

    def _send(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            response = self.session.request(
                method, self.url + path, timeout=TIMEOUT_SECONDS, **more
            )
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise SandboxMissing(f"No Stripe sandbox answers at {self.url}.") from error
        if not response.ok:
            raise SandboxError(f"The Stripe sandbox refused: {answer['error']['message']}")
        return answer

    def check(self) -> None:
        """Raise SandboxMissing unless it answers."""
        self.call("GET", "clock")

    # --- Time -------------------------------------------------------------------------------------

    def go_back_to(self, moment: datetime) -> None:
        """Stand still at a moment of the past, and sign with that time.

        Raises SandboxError when it has objects already: then it only goes forwards.
        """
        try:
            self.call("POST", "clock", frozen_at=int(moment.timestamp()))
        except SandboxMissing:
            raise
        except SandboxError as error:
            raise SandboxError(
                "This Stripe sandbox was used before, so its clock cannot go back. "
                "Start it with a new state file, or use --reset to empty it as well."
            ) from error
        self.call("POST", "clock", sign_with_clock=True)

    def advance_to(self, moment: datetime) -> None:
        """Let all that falls due happen, each thing only when the one before has been received."""
        stamp = int(moment.timestamp())
        self._check(self.call("POST", "clock", advance_to=stamp, in_step=True, wait=True))

    def release(self) -> None:
        """Run with the wall's clock again, and sign with its time."""
        self.call("POST", "clock", sign_with_clock=False, release=True, wait=True)

    def reset(self) -> None:
        self.call("POST", "reset")

    # --- Customers --------------------------------------------------------------------------------

    def pay(self, session: str, card: str) -> None:
        self.call("POST", f"checkout/{session}/pay", card_number=card, wait=True)

    def change_card(self, customer: str, card: str) -> None:
        self.call("POST", f"customers/{customer}/card", card_number=card, wait=True)

    def cancel(self, subscription: str, *, at_period_end: bool) -> None:
        path = f"subscriptions/{subscription}/cancel"
        self.call("POST", path, at_period_end=at_period_end, wait=True)

    def bank_says(self, payment_method: str, said: dict[str, Any]) -> None:
        self.call("POST", f"payment_methods/{payment_method}", wait=True, **said)

    def dispute(self, charge: str, reason: str) -> None:
        self.call("POST", f"charges/{charge}/dispute", reason=reason, wait=True)

    def decide_dispute(self, charge: str, *, won: bool) -> None:
        [dispute] = self._send("GET", "/v1/disputes", params={"charge": charge})["data"]
        self.call("POST", f"disputes/{dispute['id']}/close", won=won, wait=True)

    # --- Staff at Stripe's dashboard --------------------------------------------------------------

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        """Call Stripe's API, with a form as it wants it, and wait for what follows."""
        answer = self._send("POST", f"/v1/{path}", data=fields)
        self.settle()
        return answer

    def settle(self) -> None:
        """Wait until all webhooks have been received."""
        answer = self.call("POST", "deliveries/wait")
        if answer["failed"] or not answer["settled"]:
            self.check_deliveries()

    # --- Webhooks ---------------------------------------------------------------------------------

    @contextmanager
    def sending_to(self, url: str) -> Iterator[str]:
        """Send every event to `url` alone, and yield the secret they are signed with."""
        others = [one for one in self._endpoints() if one["status"] == "enabled"]
        for endpoint in others:
            self._change(endpoint, disabled="true")
        mine = self._send(
            "POST", "/v1/webhook_endpoints", data={"url": url, "enabled_events[]": EVENTS}
        )
        try:
            yield mine["secret"]
        finally:
            self._send("DELETE", f"/v1/webhook_endpoints/{mine['id']}")
            for endpoint in others:
                self._change(endpoint, disabled="false")

    def _endpoints(self) -> list[dict[str, Any]]:
        return self._send("GET", "/v1/webhook_endpoints", params={"limit": 100})["data"]

    def _change(self, endpoint: dict[str, Any], **fields: str) -> None:
        self._send("POST", f"/v1/webhook_endpoints/{endpoint['id']}", data=fields)

    def deliveries(self) -> dict[str, int]:
        """Return how many deliveries are pending, delivered and failed."""
        return self.call("GET", "clock")["deliveries"]

    def check_deliveries(self) -> int:
        """Return how many webhooks were delivered.

        Raises SandboxError when one was not.
        """
        counts = self.deliveries()
        if counts["failed"] or counts["pending"]:
            rows = self.call("GET", "deliveries")["data"]
            bad = next(row for row in rows if row["status"] != "delivered")
            raise SandboxError(
                f"{counts['failed']} webhooks failed and {counts['pending']} are pending. "
                f"The last of them, {bad['type']}, was answered with: "
                f"{bad['response_status']} {bad['error']}"
            )
        return counts["delivered"]

    def _check(self, answer: dict[str, Any]) -> None:
        if answer["deliveries"]["failed"] or not answer["settled"]:
            self.check_deliveries()
