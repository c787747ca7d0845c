"""The machinery behind every status: a table of named steps, and one function that takes them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from django.db import models


class TransitionNotAllowed(Exception):
    """The status table has no such step; the message is a sentence for the person asking."""


@dataclass(frozen=True)
class Transition:
    """`can` completes the refusal: "Only a listing that is live can ..."."""

    starts: Set[str]
    end: str
    can: str


class TransitionTable:
    """The steps of one status field. Nothing else assigns it.

    `noun` has its article; `words` are the statuses as they read after "it is".
    """

    def __init__(
        self, noun: str, words: Mapping[str, str], steps: Mapping[str, Transition]
    ) -> None:
        self.noun = noun
        self.words = dict(words)
        self.steps = dict(steps)

    def allows(self, step: str, start: str) -> bool:
        return start in self.steps[step].starts

    def check(self, step: str, start: str) -> None:
        if not self.allows(step, start):
            raise TransitionNotAllowed(self._refusal(self.steps[step], start))

    def move(self, row: models.Model, step: str, **changes: object) -> None:
        """Lock the row, check the step against the stored status, and save it with `changes`.

        Must run inside a transaction. Raises TransitionNotAllowed.
        """
        lock(row)
        self.check(step, row.status)
        row.status = self.steps[step].end
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=["status", "updated_at", *changes])

    def _refusal(self, step: Transition, start: str) -> str:
        *others, last = [word for status, word in self.words.items() if status in step.starts]
        starts = f"{', '.join(others)} or {last}" if others else last
        return f"Only {self.noun} that is {starts} can {step.can}; this one is {self.words[start]}."


def lock(row: models.Model) -> None:
    """Lock the row until the transaction ends, and refresh the one in hand.

    The stored row decides, so two people pressing two buttons cannot both win.
    """
    row.refresh_from_db(from_queryset=type(row)._base_manager.select_for_update(of=("self",)))
