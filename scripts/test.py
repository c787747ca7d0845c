"""`make test`: lint, the suite on SQLite and on PostgreSQL, and the browser tests.

What the machine cannot run is left out and named at the end; with REQUIRE_ALL=1 that is a failure.
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from scripts.browser import find_browser
from scripts.postgres import ServerFailed, find_programs, throwaway_server
from scripts.processes import Processes, StepFailed, Stopped, say

PYTEST = [sys.executable, "-m", "pytest"]
# The other tests, of scripts/ and stripe_sandbox/, have no database of ours: one run says it all.
WITH_DATABASE = ["accounts", "listings", "billing", "crm", "crm_project"]


class Parts:
    """The parts of the tests: which are running, how the others ended, what was left out."""

    def __init__(self) -> None:
        self.processes = Processes()
        self.begun: dict[str, float] = {}
        self.lines: list[str] = []
        self.failed = False
        self.left_out = False

    def start(
        self, name: str, command: list[str], *, output: IO[str] | None = None, **more: str
    ) -> None:
        self.begun[name] = time.monotonic()
        self.processes.start(name, command, output=output, env={**os.environ, **more})

    def finish(self, name: str) -> None:
        try:
            self.processes.finish(name)
            state = "passed"
        except StepFailed:
            state = "FAILED"
            self.failed = True
        self.lines.append(f"{name:<12}{state:<9}{time.monotonic() - self.begun[name]:5.0f} s")

    def fail(self, name: str, reason: str) -> None:
        self.failed = True
        self.lines.append(f"{name:<12}FAILED   {reason}")

    def leave_out(self, name: str, reason: str) -> None:
        self.left_out = True
        self.lines.append(f"{name:<12}LEFT OUT {reason}")

    def summarise(self) -> None:
        headline("make test")
        for line in self.lines:
            say(line)
        if self.left_out:
            say("\nNOT EVERYTHING WAS TESTED: see LEFT OUT above.")


def main() -> None:
    parts = Parts()
    try:
        run_lint(parts)
        run_suites(parts)
        run_browser(parts)
    except Stopped:
        sys.exit("Stopped.")
    finally:
        parts.processes.stop()
    parts.summarise()
    sys.exit(parts.failed or (parts.left_out and bool(os.environ.get("REQUIRE_ALL"))))


def run_lint(parts: Parts) -> None:
    headline("lint")
    parts.start("lint", ["make", "--no-print-directory", "lint"])
    parts.finish("lint")


def run_suites(parts: Parts) -> None:
    """Run both databases at once, as they share nothing; the second's output waits its turn."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-test-")))
        output = stack.enter_context((folder / "postgres.out").open("w"))
        url = open_postgres(parts, stack)
        if url:
            # The cache is the SQLite run's, and so are the tests without a database.
            command = [*PYTEST, "-p", "no:cacheprovider", "--with-database-only", *WITH_DATABASE]
            parts.start("PostgreSQL", command, output=output, TEST_DATABASE_URL=url)
        headline("suite on SQLite")
        parts.start("SQLite", PYTEST, TEST_DATABASE_URL="", TEST_SQLITE=str(folder / "sqlite3"))
        parts.finish("SQLite")
        if url:
            headline("suite on PostgreSQL")
            parts.finish("PostgreSQL")
            say((folder / "postgres.out").read_text())


def open_postgres(parts: Parts, stack: ExitStack) -> str:
    """Return the address of a server that lives as long as `stack`, or "" when there is none."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    programs = find_programs()
    if not programs:
        parts.leave_out(
            "PostgreSQL", "no initdb here: install postgresql, or set TEST_DATABASE_URL."
        )
        return ""
    try:
        return stack.enter_context(throwaway_server(programs))
    except ServerFailed as error:
        parts.fail("PostgreSQL", str(error))
        return ""


def run_browser(parts: Parts) -> None:
    if not find_browser():
        parts.leave_out("browser", "no Chromium here: install chromium, or set CHROMIUM.")
        return
    headline("browser tests")
    parts.start("browser", [*PYTEST, "e2e"])
    parts.finish("browser")


def headline(text: str) -> None:
    say(f"\n---- {text} {'-' * (72 - len(text))}")


if __name__ == "__main__":
    main()
