"""State in a file outlives the process that wrote it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from stripe_sandbox.process import running_sandbox
from stripe_sandbox.tests.conftest import SECRET, START, Shop, at, connect

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def state(tmp_path):
    return str(tmp_path / "sandbox.sqlite3")


def test_objects_clock_and_timetable_survive(state):
    with running_sandbox(state=state) as running:
        running.control.freeze(START)
        name = Shop(running, connect(running.url)).subscribe().id

    with running_sandbox(state=state) as running:
        client = connect(running.url)
        assert client.v1.subscriptions.retrieve(name).status == "active"
        assert running.control.now() == START
        running.control.advance_to(at(2025, 2, 2))
        assert len(client.v1.invoices.list({"subscription": name}).data) == 2


def test_idempotency_keys_survive(state):
    ids = set()
    for _ in range(2):
        with running_sandbox(state=state) as running:
            client = connect(running.url)
            ids.add(client.v1.customers.create({}, {"idempotency_key": "once"}).id)

    assert len(ids) == 1


def test_undelivered_events_are_sent_after_a_restart(state, receiver):
    nowhere = "http://127.0.0.1:9/"
    options = {"state": state, "enabled_events": ("*",), "retry_seconds": (0.1,) * 5}
    with running_sandbox(nowhere, SECRET, **options) as running:
        connect(running.url).v1.customers.create({})

    with running_sandbox(receiver.url, SECRET, **options) as running:
        assert running.control.wait()

    assert receiver.types == ["customer.created"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*arguments: str, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "stripe_sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(url: str) -> requests.Response:
    deadline = time.monotonic() + 20
    while True:
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_command_serves_and_ends_on_sigterm(state):
    port = free_port()
    with run("--state", state, SANDBOX_PORT=str(port)) as process:
        assert wait_for(f"http://127.0.0.1:{port}/healthz").status_code == 200

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=15) == 0


def test_command_does_not_listen_beyond_this_machine():
    with run("--host", "0.0.0.0") as process:
        _, problem = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "--allow-remote" in problem
