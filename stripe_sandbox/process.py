"""A sandbox inside the calling process, for test fixtures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stripe_sandbox.control import Control
from stripe_sandbox.sandbox import Options, Sandbox
from stripe_sandbox.server import Server


@dataclass(frozen=True)
class Running:
    url: str
    control: Control
    sandbox: Sandbox


@contextmanager
def running_sandbox(
    webhook_url: str = "",
    webhook_secret: str = "whsec_sandbox",  # noqa: S107
    state: str = ":memory:",
    port: int = 0,
    **options,
) -> Iterator[Running]:
    """Serve on `port` (0: a free one) until the block is left. See Options for `options`."""
    chosen = Options(state=state, webhook_url=webhook_url, webhook_secret=webhook_secret, **options)
    server = Server(Sandbox(chosen), "127.0.0.1", port)
    chosen.public_url = options.get("public_url", server.url)
    server.start()
    try:
        yield Running(server.url, Control(server.url), server.sandbox)
    finally:
        server.stop()
