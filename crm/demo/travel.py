"""Living through the past: one clock for this process, the receiver's threads and the sandbox."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import time_machine
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import reverse

from accounts.london import moment_of_timestamp
from billing.webhook import AT_ONCE


class TravellingClock:
    """Stands still wherever it is put, for everything in this process that asks the time."""

    def __init__(self, start: datetime) -> None:
        self.travel = time_machine.travel(start, tick=False)

    def __enter__(self) -> Self:
        self.traveller = self.travel.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.travel.stop()

    def move_to(self, moment: datetime) -> None:
        self.traveller.move_to(moment)


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing of each request; one that fails is in the sandbox's list of deliveries."""


class Receiver:
    """The whole site on a free port of this machine, while the demo waits for webhooks.

    Each delivery is received at the time it was signed: renewals between two happenings carry
    their own dates.
    """

    def __init__(self, clock: TravellingClock) -> None:
        self.clock = clock
        self.door = Lock()
        self.application = get_wsgi_application()
        self.server = make_server("127.0.0.1", 0, self.receive, WSGIServer, QuietHandler)
        self.thread = Thread(target=self.serve, name="webhook receiver", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{reverse('stripe_webhook')}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def serve(self) -> None:
        try:
            self.server.serve_forever(poll_interval=0.05)
        finally:
            connections.close_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let webhooks wait at the door: else they and what asks Stripe here would race."""
        with self.door:
            yield

    def receive(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        with self.door:
            return self._receive(environ, start_response)

    def _receive(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        site = urlsplit(settings.SITE_URL)
        # As from the web server in front: or the host would be refused, or sent on to https.
        environ |= {"HTTP_HOST": site.netloc, "HTTP_X_FORWARDED_PROTO": site.scheme}
        if signed_at := signing_time(environ.get("HTTP_STRIPE_SIGNATURE", "")):
            self.clock.move_to(moment_of_timestamp(signed_at))
        environ[AT_ONCE] = "yes"  # no worker of that day is there to do it
        return self.application(environ, start_response)


def signing_time(header: str) -> int | None:
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    moment = parts.get("t", "")
    return int(moment) if moment.isdigit() else None
