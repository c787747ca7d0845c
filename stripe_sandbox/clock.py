"""The sandbox's time: the wall's, the wall's plus an offset, or standing still."""

import time
from collections.abc import Callable


class Clock:
    def __init__(self, kept: dict | None, keep: Callable[[dict], None]):
        self.state = kept or {"frozen_at": None, "offset": 0, "sign_with_clock": False}
        self.keep = keep

    @property
    def frozen(self) -> bool:
        return self.state["frozen_at"] is not None

    def now(self) -> int:
        if self.frozen:
            return self.state["frozen_at"]
        return self.wall() + self.state["offset"]

    @staticmethod
    def wall() -> int:
        return int(time.time())

    def signing_time(self) -> int:
        return self.now() if self.state["sign_with_clock"] else self.wall()

    def freeze(self, moment: int) -> None:
        self.change(frozen_at=moment)

    def run(self) -> None:
        """Go on from where the clock stands."""
        self.change(offset=self.now() - self.wall(), frozen_at=None)

    def change(self, **fields) -> None:
        self.state.update(fields)
        self.keep(self.state)
