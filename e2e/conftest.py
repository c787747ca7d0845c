"""The whole site in real processes, as `make run` starts it, and a browser in front of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.browser import ARGUMENTS, find_browser
from scripts.run import find_free_port
from stripe_sandbox.control import Control

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120

# A suite may be at work beside these tests, on a machine that is slow without it.
expect.set_options(timeout=20_000)


@dataclass
class Site:
    url: str
    sandbox: Control  # its clock, cards and deliveries
    env: dict[str, str]
    log: Path

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the running site, and return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    """An empty site of its own: ports, database, uploads and sandbox."""
    folder = tmp_path_factory.mktemp("site")
    port, sandbox_port = find_free_port(), find_free_port()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", str(folder)),
        "ENV_FILE": os.devnull,
        "DEMO": "true",
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "VAR_DIR": str(folder / "var"),
        "MEDIA_ROOT": str(folder / "media"),
        "MAKELEVEL": "1",  # so that it ends when this process does, however that ends
    }
    sandbox = Control(f"http://127.0.0.1:{sandbox_port}")
    site = Site(f"http://127.0.0.1:{port}", sandbox, env, folder / "run.log")
    with site.log.open("w") as log:
        runner = subprocess.Popen(
            [sys.executable, "-m", "scripts.run", "--empty"],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_ready(runner, site)
            yield site
        finally:
            runner.send_signal(signal.SIGTERM)
            runner.wait(30)


def wait_until_ready(runner: subprocess.Popen, site: Site) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Gatehouse is running at" not in site.log.read_text(errors="replace"):
        if runner.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The site did not start:\n{site.log.read_text()}", pytrace=False)
        time.sleep(0.1)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict:
    path = find_browser()
    if not path:
        pytest.fail("No Chromium here: install chromium, or set CHROMIUM.", pytrace=False)
    return {**browser_type_launch_args, "executable_path": path, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args, site) -> dict:
    return {**browser_context_args, "base_url": site.url, "locale": "en-GB"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show what the processes said last beside a test that failed."""
    report = yield
    site = item.funcargs.get("site")
    if report.failed and site:
        tail = site.log.read_text(errors="replace").splitlines()[-60:]
        report.sections.append(("the site's log", "\n".join(tail)))
    return report
