"""The terminal: a bar that does not ask the time, and an end that cleans up."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from crm.demo.happenings import Happening

REDRAW_EVERY = 10


class Bar:
    """Shows how far the story has come, by its own calendar: the clock of this process stands."""

    def __init__(self, *, quiet: bool) -> None:
        # None: only where somebody watches.
        self.disable = True if quiet else None

    def __call__(self, happenings: list[Happening]) -> Iterable[Happening]:
        layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt} of {total_fmt}"
        with tqdm(total=len(happenings), disable=self.disable, bar_format=layout) as bar:
            for number, happening in enumerate(happenings):
                if number % REDRAW_EVERY == 0:
                    bar.n = number
                    bar.set_description_str(f"{happening.at:%B %Y}".ljust(14))
                yield happening
            bar.n = len(happenings)
            bar.refresh()


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM unwind what Ctrl-C unwinds: child processes and the sandbox's clock."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
