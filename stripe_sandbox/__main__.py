"""`python -m stripe_sandbox`: run the sandbox until it is told to end."""

import argparse
import ipaddress
import os
import signal
import sys
import threading

from stripe_sandbox.sandbox import DEFAULT_EVENTS, Options, Sandbox
from stripe_sandbox.server import Server


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stripe_sandbox", description=__doc__)
    add_option(parser, "--host", "127.0.0.1", "address to listen on")
    add_option(parser, "--port", "8420", "port to listen on", type=int)
    add_option(parser, "--state", ":memory:", "SQLite file that keeps the state")
    add_option(parser, "--webhook-url", "", "where events are sent")
    add_option(parser, "--webhook-secret", "whsec_sandbox", "what they are signed with")
    add_option(parser, "--events", ",".join(DEFAULT_EVENTS), "types sent there; * for all")
    add_option(parser, "--secret-key", "", "the only key accepted; any sk_test_ if empty")
    add_option(parser, "--public-url", "", "how a browser reaches the sandbox")
    add_option(parser, "--seed", "gatehouse", "what ids are derived from")
    parser.add_argument("--allow-remote", action="store_true", help="listen beyond this machine")
    return parser.parse_args(arguments)


def add_option(parser, flag: str, default: str, text: str, **more) -> None:
    variable = "SANDBOX_" + flag.removeprefix("--").replace("-", "_").upper()
    default = os.environ.get(variable, default)
    parser.add_argument(flag, default=default, help=f"{text} [{variable}]", **more)


def read_options(arguments: argparse.Namespace) -> Options:
    return Options(
        state=arguments.state,
        webhook_url=arguments.webhook_url,
        webhook_secret=arguments.webhook_secret,
        enabled_events=tuple(name.strip() for name in arguments.events.split(",") if name.strip()),
        secret_key=arguments.secret_key,
        public_url=arguments.public_url.rstrip("/") or f"http://{arguments.host}:{arguments.port}",
        seed=arguments.seed,
    )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main() -> None:
    arguments = read_arguments()
    if not is_loopback(arguments.host) and not arguments.allow_remote:
        sys.exit(
            f"The sandbox has no real authentication and will not listen on {arguments.host}. "
            "Use --allow-remote if that is meant."
        )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = Server(Sandbox(read_options(arguments)), arguments.host, arguments.port)
    server.start()
    print(f"Stripe sandbox on {server.url} (control: {server.url}/_sandbox/)", flush=True)
    ended.wait()
    server.stop()


if __name__ == "__main__":
    main()
