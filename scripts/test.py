"""`make test`: lint, the suite on SQLite and on PostgreSQL, and the browser tests.

What the machine cannot run is left out and named at the end; with REQUIRE_ALL=1 that is a failure.
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from scripts.browser import find_browser
from scripts.postgres import ServerFailed, find_programs, throwaway_server
from scripts.processes import Processes, StepFailed, Stopped, say

PYTEST = [sys.executable, "-m", "pytest"]
NO_CACHE = ["-p", "no:cacheprovider"]
# The other tests, of scripts/ and stripe_sandbox/, have no database of ours: one run says it all.
WITH_DATABASE = ["accounts", "listings", "billing", "crm", "crm_project"]


class Run(NamedTuple):
    name: str
    title: str
    command: list[str]
    env: dict[str, str]


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
        run_tests(parts)
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


def run_tests(parts: Parts) -> None:
    """Run both databases side by side, and the browser beside the one that takes longer."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-test-")))
        runs = [on_sqlite(folder), on_postgres(parts, stack), in_browser(parts)]
        run_two_at_once(parts, [run for run in runs if run], folder)


def on_sqlite(folder: Path) -> Run:
    env = {"TEST_DATABASE_URL": "", "TEST_SQLITE": str(folder / "sqlite3")}
    return Run("SQLite", "suite on SQLite", PYTEST, env)


def on_postgres(parts: Parts, stack: ExitStack) -> Run | None:
    url = open_postgres(parts, stack)
    if not url:
        return None
    # The cache is the SQLite run's, and so are the tests without a database.
    command = [*PYTEST, *NO_CACHE, "--with-database-only", *WITH_DATABASE]
    return Run("PostgreSQL", "suite on PostgreSQL", command, {"TEST_DATABASE_URL": url})


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


def in_browser(parts: Parts) -> Run | None:
    if not find_browser():
        parts.leave_out("browser", "no Chromium here: install chromium, or set CHROMIUM.")
        return None
    return Run("browser", "browser tests", [*PYTEST, *NO_CACHE, "e2e"], {})


def run_two_at_once(parts: Parts, waiting: list[Run], folder: Path) -> None:
    """Start a run whenever one of two has ended.

    The first one's output goes out as it comes; that of the others when it and they have ended.
    """
    first, running, ended = waiting[0], {}, []
    headline(first.title)
    while waiting or running:
        while waiting and len(running) < 2:
            run = waiting.pop(0)
            running[run.name] = run
            with (folder / run.name).open("w") as output:
                own = None if run is first else output
                parts.start(run.name, run.command, output=own, **run.env)
        name = parts.processes.wait_for_one()
        parts.finish(name)
        ended.append(running.pop(name))
        if first in ended:
            show([run for run in ended if run is not first], folder)
            ended = [first]


def show(runs: list[Run], folder: Path) -> None:
    for run in runs:
        headline(run.title)
        say((folder / run.name).read_text(errors="replace"))


def headline(text: str) -> None:
    say(f"\n---- {text} {'-' * (72 - len(text))}")


if __name__ == "__main__":
    main()
