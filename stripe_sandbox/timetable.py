"""What falls due when, and moving the clock through it in order."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from stripe_sandbox.errors import ParameterInvalid

if TYPE_CHECKING:
    from stripe_sandbox.sandbox import Sandbox

TICK_SECONDS = 1
STEP_TIMEOUT_SECONDS = 120


class Timetable:
    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.due: dict[str, int] = {}
        self.advancing = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.tick, name="timetable", daemon=True)

    def load(self) -> None:
        self.due.clear()
        for obj in list(self.sandbox.store.objects.values()):
            self.note(obj)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join(timeout=1)

    def tick(self) -> None:
        """While the clock runs by itself, things fall due by themselves."""
        while not self.ended.wait(TICK_SECONDS):
            if self.sandbox.clock.frozen or not self.advancing.acquire(blocking=False):
                continue
            try:
                self.run_due(self.sandbox.now(), set_clock=lambda moment: None)
            finally:
                self.advancing.release()

    def note(self, obj: dict) -> None:
        """Enter `obj` at the moment it next falls due, or strike it out."""
        moment = due_at(obj)
        if moment is None:
            self.due.pop(obj["id"], None)
        else:
            self.due[obj["id"]] = moment

    def next_due(self, limit: int) -> tuple[int, str] | None:
        first = min(((moment, name) for name, moment in self.due.items()), default=None)
        return first if first and first[0] <= limit else None

    def advance_to(self, target: int, *, in_step: bool = False) -> int:
        """Let everything up to `target` happen; return how many things did."""
        with self.advancing:
            clock = self.sandbox.clock
            with self.sandbox.changing():
                require_forward(clock.now(), target)
                was_frozen = clock.frozen
                clock.freeze(clock.now())
            try:
                count = self.run_due(target, set_clock=clock.freeze, in_step=in_step)
                self.sandbox.clock.freeze(target)
            finally:
                with self.sandbox.changing():
                    if not was_frozen:
                        clock.run()
        return count

    def run_due(self, limit: int, *, set_clock: Callable, in_step: bool = False) -> int:
        count = 0
        while True:
            if in_step:
                self.sandbox.deliveries.wait(STEP_TIMEOUT_SECONDS)
            if not self.run_next(limit, set_clock):
                return count
            count += 1

    def run_next(self, limit: int, set_clock: Callable) -> bool:
        # The lock is let go between two things, so that whoever asks meanwhile gets an answer.
        with self.sandbox.changing():
            entry = self.next_due(limit)
            if entry is None:
                return False
            moment, name = entry
            set_clock(max(moment, self.sandbox.now()))
            happen(self.sandbox, self.sandbox.store.objects[name])
            if self.due.get(name) == moment:
                raise RuntimeError(f"{name} is still due at {moment} after it was dealt with")
        return True


def require_forward(now: int, target: int) -> None:
    if target < now:
        message = f"The clock stands at {now} and only goes forwards; {target} is earlier."
        raise ParameterInvalid("advance_to", message)


def due_at(obj: dict) -> int | None:
    rule = RULES.get(obj["object"])
    return rule[0](obj) if rule else None


def happen(sandbox: "Sandbox", obj: dict) -> None:
    RULES[obj["object"]][1](sandbox, obj)


# Kind -> (when it next falls due, what then happens). Filled in by the modules of `billing`.
RULES: dict[str, tuple[Callable, Callable]] = {}
