"""How long we wait for Stripe, and where: never while a transaction is open under a lease.

Every call goes through the one client here, ours and dj-stripe's. See
docs/decisions/inbox-and-leases.md and docs/decisions/short-patience-in-transactions.md.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
import stripe
from urllib3 import Timeout

CALL_SECONDS = 10
RETRIES = 1
# Where somebody waits for a page that would only like to know: it has an answer without Stripe's.
SHORT_CALL_SECONDS = 3
BUDGET_SECONDS = 8


class _Budget:
    """The time for all calls of one page, counted from the first of them.

    Not from the start: before it, another's lease may have been waited for.
    """

    def __init__(self) -> None:
        self.ends_at: float | None = None

    def seconds_left(self) -> float:
        if self.ends_at is None:
            self.ends_at = time.monotonic() + BUDGET_SECONDS
        return self.ends_at - time.monotonic()


_budget: ContextVar[_Budget | None] = ContextVar("stripe_budget", default=None)


@contextmanager
def short_patience() -> Iterator[None]:
    """Let the calls inside take BUDGET_SECONDS in all, and none be tried twice.

    A call that runs out of time fails as one that cannot reach Stripe.
    """
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


# --- What Stripe has answered ---------------------------------------------------------------------

Answer = tuple[str, int, Mapping[str, str]]
NAMING = ("Authorization", "Stripe-Account", "Stripe-Version")  # headers that change an answer


class NotFetched(BaseException):
    """A transaction needs what was not fetched yet: it must be rolled back, and begun again.

    No Exception, because nobody between here and `Answers.fetch` may take it for a failure.
    """

    def __init__(self, key: tuple, fetch: Callable[[], Answer]) -> None:
        super().__init__(key)
        self.key, self.fetch = key, fetch


class WriteInTransaction(Exception):
    """Stripe was to be told to do something by a transaction that may yet be rolled back."""


class Answers:
    """What Stripe said, for one round of work: transactions read from here and wait for nobody."""

    def __init__(self) -> None:
        self._kept: dict[tuple, Answer] = {}

    def forget(self) -> None:
        self._kept.clear()

    def fetch(self, missing: NotFetched) -> Answer:
        """Ask Stripe now; an answer that is about the moment alone is not kept.

        Raises stripe.APIConnectionError.
        """
        answer = missing.fetch()
        if not is_passing(answer[1]):
            self._kept[missing.key] = answer
        return answer

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, GETs are answered from here, and everything else is refused."""
        token = _answers.set(self)
        try:
            yield
        finally:
            _answers.reset(token)

    def give(self, key: tuple, fetch: Callable[[], Answer]) -> Answer:
        if key[0] != "get":
            raise WriteInTransaction(f"{key[0].upper()} {key[1]}")
        if key not in self._kept:
            raise NotFetched(key, fetch)
        return self._kept[key]


def is_passing(status: int) -> bool:
    """Whether the same call may be answered otherwise in a while."""
    return status in (409, 429) or status >= 500


_answers: ContextVar[Answers | None] = ContextVar("stripe_answers", default=None)


Request = Callable[..., tuple[bytes, int, Mapping[str, str]]]

_elsewhere: ContextVar[Request | None] = ContextVar("answered_elsewhere", default=None)


@contextmanager
def answered_by(request: Request) -> Iterator[None]:
    """Let `request` answer instead of the network, as `stripe.HTTPClient.request` would."""
    token = _elsewhere.set(request)
    try:
        yield
    finally:
        _elsewhere.reset(token)


# --- The client -----------------------------------------------------------------------------------


class Client(stripe.RequestsClient):
    """stripe-python's client, with a time-out that depends on where the call is made."""

    def __init__(self) -> None:
        super().__init__(timeout=CALL_SECONDS)
        self._threads = threading.local()

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *args: Any,
        max_network_retries: int | None = None,
        **kwargs: Any,
    ) -> Answer:
        def fetch() -> Answer:
            retries = max_network_retries if _budget.get() is None else 0
            return super(Client, self).request_with_retries(
                method, url, headers, *args, max_network_retries=retries, **kwargs
            )

        answers = _answers.get()
        if answers is None:
            return fetch()
        return answers.give((method.lower(), url, *map(headers.get, NAMING)), fetch)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        if elsewhere := _elsewhere.get():
            return elsewhere(method, url, headers, post_data)
        # One connection pool for each thread, as stripe-python has it.
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
        limited = stripe.RequestsClient(timeout=_timeout(), session=self._threads.session)
        return limited.request(method, url, headers, post_data)


def _timeout() -> Timeout:
    """Return the limit of the next call: connecting and waiting for the answer together."""
    budget = _budget.get()
    if budget is None:
        return Timeout(total=CALL_SECONDS)
    left = budget.seconds_left()
    if left <= 0:
        raise stripe.APIConnectionError(
            f"Stripe took more than {BUDGET_SECONDS} seconds for the calls of one page.",
            should_retry=False,
        )
    return Timeout(total=min(SHORT_CALL_SECONDS, left))


http_client = Client()


def limit_patience() -> None:
    """Let dj-stripe's calls go through our client: its own would wait 80 s."""
    stripe.default_http_client = http_client
    stripe.max_network_retries = RETRIES
