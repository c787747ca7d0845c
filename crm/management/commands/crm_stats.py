import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from crm import stats
from crm.management.database_faults import faults_in_words


class Command(BaseCommand):
    help = "Print how many records there are and what changed in the last 24 hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with faults_in_words():
            report = {
                "entities": stats.counts_per_entity(),
                "last_24_hours": stats.recent_activity(now=timezone.now()),
                "open_failures": stats.open_failures(),
            }
        self.stdout.write(json.dumps(report) if options["json"] else as_text(report))


def as_text(report: dict[str, Any]) -> str:
    lines = [f"{entity:<12}{count:>9,}" for entity, count in report["entities"].items()]
    lines.append("\nIn the last 24 hours")
    for entity, kinds in report["last_24_hours"].items():
        words = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in kinds.items())
        lines.append(f"{entity:<12} {words or 'nothing'}")
    lines.append(f"\nFailed syncs that are open: {report['open_failures']}")
    return "\n".join(lines)
