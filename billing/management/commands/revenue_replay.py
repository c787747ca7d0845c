import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from billing.revenue.replay.cases import read_file
from billing.revenue.replay.checks import BadCase
from billing.revenue.replay.play import replay
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
            content = read_file(file)
            with throwaway_database(), tqdm(unit=" case", disable=None) as bar:
                answers = replay(content, watch=lambda count: _show(bar, count))
        except BadCase as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(json.dumps(answers, indent=1))


def _show(bar: "tqdm[Any]", count: int) -> None:
    bar.total = count
    bar.update()
