"""Child processes that live and die together, however the end comes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from types import FrameType
from typing import IO

MANAGE = [sys.executable, "manage.py"]
GRACE_SECONDS = 10
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C, SIGTERM, a closed terminal, or make is gone."""


class StepFailed(Exception):
    """A process ended that should not have; the message says which, and how."""


class Processes:
    """Starts each child in a session of its own, and ends every one with all its offspring.

    A signal only sets a flag: an exception in the middle of a start would lose a child.
    """

    def __init__(self) -> None:
        self.children: dict[str, subprocess.Popen[str]] = {}
        self.relays: list[threading.Thread] = []
        self.asked_to_stop = False
        self.made_by = os.getppid() if "MAKELEVEL" in os.environ else None
        for number in SIGNALS:
            signal.signal(number, self.ask_to_stop)

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def start(
        self,
        name: str,
        command: list[str],
        *,
        output: IO[str] | int | None = subprocess.PIPE,
        env: dict[str, str] | None = None,
    ) -> None:
        """Start a child. Its output goes out line by line after its name, or as it is if None."""
        self.raise_if_stopped()
        child = subprocess.Popen(
            [*bind_to_parent(), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            env=env,
            text=True,
            errors="replace",
        )
        self.children[name] = child
        if child.stdout:
            self.relays.append(threading.Thread(target=print_lines, args=(name, child.stdout)))
            self.relays[-1].start()

    def finish(self, name: str) -> None:
        """Wait for a child that is a step, not a service.

        Raises StepFailed when it fails, Stopped when somebody will not wait.
        """
        while self.children[name].poll() is None:
            self.raise_if_stopped()
            time.sleep(0.05)
        code = self.children.pop(name).returncode
        if code:
            raise StepFailed(f"{name} failed (exit code {code}); its last lines above say why.")

    def wait_for_one(self) -> str:
        """Return the name of a child that has ended; `finish` then tells how."""
        while True:
            self.raise_if_stopped()
            for name, child in self.children.items():
                if child.poll() is not None:
                    return name
            time.sleep(0.05)

    def watch(self) -> None:
        """Raise Stopped when asked to stop, StepFailed when a service has ended by itself."""
        self.raise_if_stopped()
        for name, child in self.children.items():
            if child.poll() is not None:
                raise StepFailed(f"{name} ended by itself (exit code {child.returncode}).")

    def raise_if_stopped(self) -> None:
        if self.asked_to_stop or self.made_by not in (None, os.getppid()):
            raise Stopped

    def stop(self) -> None:
        """End the last one started first: it may still need those before it to end well."""
        deadline = time.monotonic() + GRACE_SECONDS
        for name, child in reversed(self.children.items()):
            # To the leader alone: it ends its own offspring in order, which django-q's would not
            # survive if all of them were told at once.
            child.terminate()
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"{name} does not end; killing it.")
            kill_group(child)
            child.wait()
        for relay in self.relays:
            relay.join()


@cache
def bind_to_parent() -> list[str]:
    """What to put before a command so that it is told to end if this process is killed outright."""
    binder = ["setpriv", "--pdeathsig", "TERM", "--"]
    if not shutil.which(binder[0]):
        return []
    # Some systems have a setpriv that does not know the option.
    trial = subprocess.run([*binder, "true"], stderr=subprocess.DEVNULL, check=False)
    return [] if trial.returncode else binder


def kill_group(leader: subprocess.Popen[str]) -> None:
    """Kill what is left of a child's session, whether or not the child itself still lives."""
    try:
        os.killpg(leader.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing is left, which is what was wanted


def print_lines(name: str, output: IO[str]) -> None:
    with output:
        for line in output:
            say(f"{name:8}| {line.rstrip()}")


def say(text: str) -> None:
    print(text, flush=True)
