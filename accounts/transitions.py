"""The machinery behind every status: a table of named steps, and one function that takes them."""

from collections.abc import Iterable, Mapping

from django.db import models


class TransitionNotAllowed(Exception):
    """The status table has no such step; the message says so in words for the person asking."""


class TransitionTable:
    """The steps of one status field, as `{step: ({from, ...}, to)}`. Nothing else assigns it."""

    def __init__(
        self, steps: Mapping[str, tuple[Iterable[str], str]], *, labels: Mapping[str, str]
    ) -> None:
        self.steps = {step: (frozenset(starts), end) for step, (starts, end) in steps.items()}
        self.labels = dict(labels)

    def allows(self, step: str, start: str) -> bool:
        return start in self.steps[step][0]

    def check(self, step: str, start: str) -> None:
        if not self.allows(step, start):
            raise TransitionNotAllowed(f"It is {self.labels[start].lower()}: cannot {step} it.")

    def move(self, row: models.Model, step: str, **changes: object) -> None:
        """Lock the row, check the step against the stored status, and save it with `changes`.

        The stored status decides, so two people pressing two buttons cannot both win. The row in
        hand is refreshed first. Must run inside a transaction.

        Raises TransitionNotAllowed.
        """
        row.refresh_from_db(from_queryset=type(row)._base_manager.select_for_update(of=("self",)))
        self.check(step, row.status)
        row.status = self.steps[step][1]
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=["status", "updated_at", *changes])
