"""A client of the control API, for tests and for the demo."""

import requests

TIMEOUT_SECONDS = 600


class ControlError(Exception):
    """The sandbox refused; the message says why."""


class Control:
    def __init__(self, url: str):
        self.url = url.rstrip("/")

    def call(self, method: str, path: str, **body) -> dict:
        given = {name: value for name, value in body.items() if value is not None}
        response = requests.request(
            method, f"{self.url}/_sandbox/{path}", json=given, timeout=TIMEOUT_SECONDS
        )
        answer = response.json()
        if not response.ok:
            raise ControlError(answer["error"]["message"])
        return answer

    def clock(self) -> dict:
        return self.call("GET", "clock")

    def now(self) -> int:
        return self.clock()["now"]

    def freeze(self, moment: int, *, wait: bool = False) -> dict:
        return self.call("POST", "clock", frozen_at=moment, wait=wait)

    def release(self) -> dict:
        return self.call("POST", "clock", release=True)

    def sign_with_clock(self, on: bool = True) -> dict:
        return self.call("POST", "clock", sign_with_clock=on)

    def advance_to(self, moment: int, *, wait: bool = False, in_step: bool = False) -> dict:
        return self.call("POST", "clock", advance_to=moment, wait=wait, in_step=in_step)

    def advance(self, seconds: int, *, wait: bool = False, in_step: bool = False) -> dict:
        return self.call("POST", "clock", advance_seconds=seconds, wait=wait, in_step=in_step)

    def pay(
        self,
        session: str,
        card: str = "4242424242424242",
        *,
        email: str | None = None,
        exp_month: int | None = None,
        exp_year: int | None = None,
        authenticate: bool = True,
        wait: bool = False,
    ) -> dict:
        return self.call(
            "POST",
            f"checkout/{session}/pay",
            card_number=card,
            email=email,
            exp_month=exp_month,
            exp_year=exp_year,
            authenticate=authenticate,
            wait=wait,
        )

    def set_card(
        self,
        customer: str,
        card: str,
        *,
        exp_month: int | None = None,
        exp_year: int | None = None,
        wait: bool = False,
    ) -> dict:
        dates = {"exp_month": exp_month, "exp_year": exp_year}
        path = f"customers/{customer}/card"
        return self.call("POST", path, card_number=card, wait=wait, **dates)

    def bank_says(
        self,
        payment_method: str,
        *,
        decline_code: str | None = None,
        exp_month: int | None = None,
        exp_year: int | None = None,
        wait: bool = False,
    ) -> dict:
        """A card on file declines from now on ("": no longer), or has new dates."""
        dates = {"exp_month": exp_month, "exp_year": exp_year}
        path = f"payment_methods/{payment_method}"
        return self.call("POST", path, decline_code=decline_code, wait=wait, **dates)

    def authenticate(self, invoice: str, *, done: bool = True, wait: bool = False) -> dict:
        """Answer the bank's 3-D Secure question about an invoice's payment."""
        return self.call("POST", f"invoices/{invoice}/authenticate", done=done, wait=wait)

    def cancel(
        self,
        subscription: str,
        *,
        at_period_end: bool = True,
        by_flag: bool = False,
        wait: bool = False,
    ) -> dict:
        path = f"subscriptions/{subscription}/cancel"
        return self.call("POST", path, at_period_end=at_period_end, by_flag=by_flag, wait=wait)

    def dispute(
        self,
        charge: str,
        *,
        reason: str = "fraudulent",
        amount: int | None = None,
        wait: bool = False,
    ) -> dict:
        path = f"charges/{charge}/dispute"
        return self.call("POST", path, reason=reason, amount=amount, wait=wait)

    def close_dispute(self, dispute: str, *, won: bool, wait: bool = False) -> dict:
        return self.call("POST", f"disputes/{dispute}/close", won=won, wait=wait)

    def wait(self, timeout: float = 60) -> bool:
        """Whether every delivery was answered or given up in time."""
        return self.call("POST", "deliveries/wait", timeout=timeout)["settled"]

    def deliveries(self) -> list[dict]:
        """Newest first."""
        return self.call("GET", "deliveries")["data"]

    def retry(self, delivery: str, *, wait: bool = False) -> dict:
        return self.call("POST", f"deliveries/{delivery}/retry", wait=wait)

    def faults(
        self, *, api_status: int | None = None, api_delay: float = 0, count: int = 1
    ) -> dict:
        """The next `count` calls of the API fail or are slow."""
        return self.call("POST", "faults", api_status=api_status, api_delay=api_delay, count=count)

    def switch(self, **switches) -> dict:
        """Shares of all calls and webhooks go wrong: see Switches in faults.py for the names."""
        return self.call("POST", "faults", **switches)

    def no_faults(self) -> dict:
        return self.call("POST", "faults", off=True)

    def suffered(self) -> dict[str, int]:
        """How often each switch has struck."""
        return self.call("GET", "faults")["suffered"]

    def reset(self) -> dict:
        return self.call("POST", "reset")
