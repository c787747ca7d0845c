from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.actor import acting_as
from crm.backfill import batches, preview_batch, sync_batch
from crm.mirror import ENTITIES, Mirror, Outcome
from crm.models import Entity

# What people call the sources, beside the names of the records.
NAMES = {"owners": Entity.CONTACTS, **{entity.value: entity for entity in Entity}}


class Command(BaseCommand):
    help = "Rebuild the CRM's records from their sources. Running it twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="?", default="all", choices=["all", *NAMES])
        parser.add_argument("--batch-size", type=int, default=500)
        parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        chosen = list(ENTITIES) if options["what"] == "all" else [NAMES[options["what"]]]
        with acting_as("system:crm_backfill", "command"):
            outcomes = {entity: self._backfill(entity, options) for entity in chosen}
        self._report(outcomes)

    def _backfill(self, entity: Entity, options: dict[str, Any]) -> Outcome:
        outcome = Outcome()
        for mirror in ENTITIES[entity]:
            with tqdm(desc=mirror.name, unit=" rows", disable=None) as bar:
                for keys in batches(mirror, options["batch_size"]):
                    outcome += self._one_batch(mirror, keys, options["dry_run"])
                    bar.update(len(keys))
        return outcome

    def _one_batch(self, mirror: Mirror, keys: list[int | str], dry_run: bool) -> Outcome:
        if dry_run:
            return preview_batch(mirror, keys)
        return sync_batch(mirror, keys, now=timezone.now())

    def _report(self, outcomes: dict[Entity, Outcome]) -> None:
        for entity, outcome in outcomes.items():
            self.stdout.write(
                f"{entity.value:<12} created {outcome.created}, updated {outcome.updated}, "
                f"unchanged {outcome.unchanged}, failed {outcome.failed}"
            )
        failed = sum(outcome.failed for outcome in outcomes.values())
        if failed:
            raise CommandError(f"{failed} records could not be written: see Sync failures.")
