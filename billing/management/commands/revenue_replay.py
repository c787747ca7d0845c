import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from billing.revenue.replay.cases import read_file
from billing.revenue.replay.checks import BadCase
from billing.revenue.replay.play import prepare, replay
from billing.revenue.replay.throwaway import throwaway_database


class Command(BaseCommand):
    help = (
        "Play the histories of a file of worked cases through the production code, in a database "
        "in memory, and print as one JSON object what it makes of them. Needs no network and no "
        "Stripe account; the configured database is not touched."
    )
    requires_migrations_checks = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="in the format of docs/revenue-cases.md")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            cases, answers = prepare(read_file(file))
        except BadCase as reason:
            raise CommandError(str(reason)) from reason
        with throwaway_database(), _only_errors_logged(), tqdm(unit=" case", disable=None) as bar:
            played = replay(cases, watch=lambda count: _show(bar, count))
        self.stdout.write(json.dumps(played | answers, indent=1))


@contextmanager
def _only_errors_logged() -> Iterator[None]:
    """What is worth a warning in a played history is no news to who runs it."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _show(bar: "tqdm[Any]", count: int) -> None:
    bar.total = count
    bar.update()
