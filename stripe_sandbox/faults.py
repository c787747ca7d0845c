"""What can be made to go wrong, on purpose and repeatably."""

import hashlib
import threading
from collections import Counter
from dataclasses import asdict, dataclass, fields

from stripe_sandbox.errors import ParameterInvalid

SHARES = {"429", "500", "503", "timeout", "lost", "duplicate", "delay", "reorder", "drop", "twin"}


@dataclass
class Switches:
    """Shares are from 0 to 1. `api_paths` are beginnings of paths; empty means all."""

    api_429: float = 0
    api_500: float = 0
    api_503: float = 0
    api_timeout: float = 0
    api_lost: float = 0
    api_timeout_seconds: float = 30
    api_paths: tuple[str, ...] = ()
    api_methods: tuple[str, ...] = ()
    webhook_duplicate: float = 0
    webhook_delay: float = 0
    webhook_delay_seconds: float = 2
    webhook_reorder: float = 0
    webhook_reorder_seconds: float = 1
    webhook_drop: float = 0
    webhook_twin: float = 0

    def change(self, wished: dict) -> None:
        for name, value in wished.items():
            if name not in {entry.name for entry in fields(self)}:
                raise ParameterInvalid(name, f"There is no switch {name}.")
            setattr(self, name, read_switch(name, value))


def read_switch(name: str, value: object) -> float | tuple[str, ...]:
    if name in ("api_paths", "api_methods"):
        return (value,) if isinstance(value, str) else tuple(value)
    if not isinstance(value, int | float) or value < 0:
        raise ParameterInvalid(name, f"{name} must be a number, not {value!r}.")
    if name.partition("_")[2] in SHARES and value > 1:
        raise ParameterInvalid(name, f"{name} is a share, from 0 to 1.")
    return value


class Faults:
    """`next` calls of the API can be made to fail; and shares of all calls and webhooks.

    Who is hit depends on the seed, and on the event or on how often a path was called: the same
    drill meets the same faults, however its threads run.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.lock = threading.Lock()
        self.off()

    def off(self) -> None:
        with self.lock:
            self.switches = Switches()
            self.status: int | None = None
            self.delay: float = 0
            self.remaining = 0
            self.calls: Counter[str] = Counter()
            self.suffered: Counter[str] = Counter()

    def set_next(self, status: int | None, delay: float, count: int) -> None:
        with self.lock:
            self.status, self.delay, self.remaining = status, delay, count

    def show(self) -> dict:
        with self.lock:
            following = {"api_status": self.status, "api_delay": self.delay}
            following["count"] = self.remaining
            return following | asdict(self.switches) | {"suffered": dict(self.suffered)}

    def take_next(self) -> tuple[float, int | None]:
        """Delay and status of this call, if it is one of those told to suffer."""
        with self.lock:
            if not self.remaining:
                return 0, None
            self.remaining -= 1
            return self.delay, self.status

    def of_call(self, method: str, path: str) -> str | None:
        """Which of the API's faults hits this call: "429", "500", "503", "timeout", "lost"."""
        wished = self.switches
        if wished.api_methods and method not in wished.api_methods:
            return None
        if wished.api_paths and not path.startswith(tuple(wished.api_paths)):
            return None
        call = f"{method} {path}"
        with self.lock:
            self.calls[call] += 1
            number = self.calls[call]
        drawn = self.draw(f"{call}/{number}")
        for kind in ("429", "500", "503", "timeout", "lost"):
            share = getattr(wished, f"api_{kind}")
            if drawn < share:
                return self.note(f"api_{kind}")
            drawn -= share
        return None

    def hits(self, kind: str, name: str) -> bool:
        """Whether the webhook or event `name` suffers `kind`: "drop", "duplicate" and so on."""
        hit = self.draw(f"{kind}/{name}") < getattr(self.switches, f"webhook_{kind}")
        return bool(hit and self.note(f"webhook_{kind}"))

    def draw(self, source: str) -> float:
        """From 0 up to, not including, 1."""
        digest = hashlib.sha256(f"{self.seed}/faults/{source}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    def note(self, switch: str) -> str:
        with self.lock:
            self.suffered[switch] += 1
        return switch.partition("_")[2]
