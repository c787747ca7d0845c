"""`make run`: the site, its worker and, in the demo, the Stripe sandbox, started in order."""

import argparse
import fcntl
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from crm_project.environment import read_env_file, stop_if_misconfigured
from scripts.processes import MANAGE, Processes, StepFailed, Stopped, say

# Whoever sets one of these has settings of their own, and gets them instead of the demo's.
OWN_SETTINGS = ("DEMO", "SECRET_KEY", "STRIPE_SECRET_KEY")
START_SECONDS = 90


def main() -> None:
    arguments = read_arguments()
    choose_settings()
    check_ports()
    processes = Processes()
    with only_one_run(settings.VAR_DIR):
        try:
            start(processes, with_demo=not arguments.empty)
            while True:
                processes.watch()
                time.sleep(0.2)
        except Stopped:
            say("Stopping.")
        except StepFailed as failure:
            sys.exit(str(failure))
        finally:
            processes.stop()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.run", description=__doc__)
    parser.add_argument("--empty", action="store_true", help="leave the demo data out")
    return parser.parse_args()


def choose_settings() -> None:
    """Be the demo unless somebody has settings of their own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
    try:
        read_env_file(Path(".env"))
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    if not any(os.environ.get(name) for name in OWN_SETTINGS):
        os.environ["DEMO"] = "true"
    stop_if_misconfigured()


def check_ports() -> None:
    need_free_port("PORT", settings.PORT)
    if has_own_sandbox() and os.environ.get("SANDBOX_PORT"):
        need_free_port("SANDBOX_PORT", settings.SANDBOX_PORT)


def has_own_sandbox() -> bool:
    """Whether this run starts the sandbox: not for a real key, nor for one that runs elsewhere."""
    return settings.IN_SANDBOX and not os.environ.get("STRIPE_API_HOST")


# --- In order -----------------------------------------------------------------------------------


def start(processes: Processes, *, with_demo: bool) -> None:
    with_demo = with_demo and has_own_sandbox()
    if has_own_sandbox():
        start_sandbox(processes)
    prepare_site(processes, with_demo=with_demo)
    processes.start("web", [sys.executable, "-m", "gunicorn", "crm_project.wsgi"])
    processes.start("worker", [*MANAGE, "qcluster"])
    wait_until(processes, answers_health, "The site")
    announce(with_demo=with_demo)


def start_sandbox(processes: Processes) -> None:
    port = settings.SANDBOX_PORT if is_free(settings.SANDBOX_PORT) else find_free_port()
    os.environ["SANDBOX_PORT"] = str(port)  # every child reads the sandbox's address from it
    options = {
        "--port": str(port),
        "--state": str(settings.VAR_DIR / "stripe_sandbox.sqlite3"),
        "--webhook-url": f"http://127.0.0.1:{settings.PORT}/stripe/webhook/",
        "--webhook-secret": settings.STRIPE_WEBHOOK_SECRETS[0],
        "--secret-key": settings.STRIPE_SECRET_KEY,
    }
    flat = [word for option in options.items() for word in option]
    processes.start("sandbox", [sys.executable, "-m", "stripe_sandbox", *flat])
    wait_until(processes, lambda: not is_free(port), "The Stripe sandbox")


def prepare_site(processes: Processes, *, with_demo: bool) -> None:
    say("Preparing the database and the static files.")
    processes.start("migrate", [*MANAGE, "migrate", "--noinput", "-v0"])
    processes.start("static", [*MANAGE, "collectstatic", "--noinput", "-v0"])
    processes.finish("migrate")
    if with_demo:
        # It makes the data the first time only, and shows a terminal how far it is.
        if not sys.stdout.isatty():
            say("Making the demo's data, if there is none yet. That takes about a minute.")
        processes.start("demo", [*MANAGE, "demo", "--if-empty"], output=None)
        processes.finish("demo")
    processes.finish("static")


def wait_until(processes: Processes, is_ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        processes.watch()
        if time.monotonic() > deadline:
            raise StepFailed(f"{name} does not answer after {START_SECONDS} seconds.")
        time.sleep(0.1)


def answers_health() -> bool:
    try:
        with urllib.request.urlopen(  # noqa: S310  (the scheme is ours)
            f"http://127.0.0.1:{settings.PORT}/healthz", timeout=5
        ) as response:
            return response.status == 200
    except OSError:
        return False  # not yet: the caller asks again, up to its limit


def announce(*, with_demo: bool) -> None:
    """Print one block, at once: the worker's lines come in at any moment."""
    lines = ["", f"  Gatehouse is running at {settings.SITE_URL}", ""]
    if with_demo:
        lines += capture_demo_logins()
    if settings.DEMO:
        lines += [f"  {'Mailbox':<10}{settings.SITE_URL}/demo/mailbox/"]
    if has_own_sandbox():
        lines += [f"  {'Stripe':<10}http://127.0.0.1:{os.environ['SANDBOX_PORT']}/_sandbox/"]
    say("\n".join([*lines, "", "  Ctrl-C ends it; the data stays.", ""]))


def capture_demo_logins() -> list[str]:
    done = subprocess.run(
        [*MANAGE, "demo", "--show-logins"], stdout=subprocess.PIPE, text=True, check=False
    )
    return done.stdout.splitlines()


# --- Ports, and one run at a time ---------------------------------------------------------------


def need_free_port(name: str, port: int) -> None:
    if not is_free(port):
        sys.exit(
            f"{name} {port} is in use or not allowed. Stop the program that has it, "
            f"or choose another: {name}={port + 123} make run"
        )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def only_one_run(folder: Path) -> Iterator[None]:
    """Two workers and two sandboxes on one set of files would undo each other's work."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"Gatehouse is already running on the data in {folder}. Stop it first.")
        yield


if __name__ == "__main__":
    main()
