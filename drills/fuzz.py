"""Malformed deliveries by the thousand: none fails, leaves a row, takes long or fills memory."""

import logging
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse
from djstripe.models import Event, WebhookEndpoint, WebhookEventTrigger

from billing.models import IncomingEvent, Lease
from drills.figures import percentile
from drills.junk import Junk

WARM_UP = 500  # what is made once in a process, the first time it is needed


@dataclass
class Fuzzed:
    answers: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    rows: int = 0
    grown_kb: int = 0

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.answers.items() if status >= 500)

    @property
    def taken(self) -> int:
        return self.answers[200]

    @property
    def p99_ms(self) -> float:
        return percentile(self.seconds)

    @property
    def most_ms(self) -> float:
        return max(self.seconds) * 1000

    def is_good(self) -> bool:
        sound = not (self.server_errors or self.taken or self.rows)
        return sound and self.p99_ms < 50 and self.grown_kb < 20_000

    def lines(self) -> list[str]:
        per_second = len(self.seconds) / sum(self.seconds)
        return [
            f"answers {dict(sorted(self.answers.items()))}, server errors {self.server_errors}",
            f"rows {self.rows}, {per_second:,.0f} a second, "
            f"p99 {self.p99_ms:.2f} ms, longest {self.most_ms:.1f} ms",
            f"memory grown by {self.grown_kb:,} kB after the first {WARM_UP}",
        ]


def fuzz(number: int, seed: int) -> Fuzzed:
    found, junk, site = Fuzzed(), Junk(seed), WSGIHandler()
    before = 0
    with quiet():
        for count in range(number):
            if count == WARM_UP:
                before = peak_kb()
            method, body, given = junk.delivery()
            began = time.perf_counter()
            status = answer(site, method, body, given)
            found.seconds.append(time.perf_counter() - began)
            found.answers[status] += 1
    found.grown_kb = peak_kb() - before
    found.rows = rows()
    return found


def answer(site: WSGIHandler, method: str, body: bytes, given: dict[str, str]) -> int:
    """Ask the site without Django's test client, which keeps a little of each request for good."""
    request = RequestFactory().generic(
        method, reverse("stripe_webhook"), body, content_type="application/json", **given
    )
    # Not closed: that would end the connection to the database, and with it a test's transaction.
    return site.get_response(request).status_code


def rows() -> int:
    models = (IncomingEvent, Lease, Event, WebhookEndpoint, WebhookEventTrigger)
    return sum(model.objects.count() for model in models)


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def run(seed: int, number: int) -> bool:
    found = fuzz(number, seed)
    print(f"{number:,} malformed deliveries, {connection.vendor}")
    for line in found.lines():
        print(f"  {line}")
    return found.is_good()
