"""A throw-away PostgreSQL server for the tests, from the programs that the machine has."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 30
USER = "gatehouse"
# Durability is of no use to data that is thrown away, and costs most of the time.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerFailed(Exception):
    """The server did not come up; the message carries what it said."""


def find_programs() -> Path | None:
    """Return the folder that holds initdb and postgres, the newest version's first."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdecimal() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    candidates = [*versions, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((path for path in candidates if (path / "postgres").exists()), None)


@contextmanager
def throwaway_server(programs: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of a server behind a socket file that only its maker can reach."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-pg-") as name:
        folder = Path(name)
        identity = find_identity()
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        make_cluster(programs, folder, identity)
        server = start_server(programs, folder, identity)
        try:
            wait_for(server, folder)
            yield f"postgres://{USER}@/{folder}/gatehouse"
        finally:
            server.send_signal(signal.SIGINT)  # its fast shutdown, which waits for no client
            server.wait(START_SECONDS)


def find_identity() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: name somebody with fewer rights, when we are root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def make_cluster(programs: Path, folder: Path, identity: dict[str, Any]) -> None:
    done = subprocess.run(
        [
            *(programs / "initdb", "--pgdata", folder / "data", "--username", USER),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ],
        **identity,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerFailed(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")


def start_server(programs: Path, folder: Path, identity: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = {**QUICK, "listen_addresses": "", "unix_socket_directories": str(folder)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *options],
            **identity,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the runner, which ends the server in order
        )


def wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    log = folder / "server.log"
    while "ready to accept connections" not in log.read_text(errors="replace"):
        if server.poll() is not None or time.monotonic() > deadline:
            raise ServerFailed(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
        time.sleep(0.05)
