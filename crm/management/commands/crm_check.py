import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from accounts.actor import acting_as
from crm.check import repair, run_check
from crm.mirror import ENTITIES, Outcome
from crm.models import SyncCheck
from crm.retrying import settle_mended


class Command(BaseCommand):
    help = (
        "Prove that every record equals its source, and say where one does not. "
        "Exit code 1 when anything differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="make the records equal")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as("system:crm_check", "command"):
                check = self._check(**options)
        except DatabaseError as error:
            raise CommandError(
                f"The CRM's tables cannot be read ({error}). Run `manage.py migrate` first."
            ) from error
        if check.differences:
            raise CommandError(f"{check.differences} records differ from their source.")

    def _check(self, *, repair: bool, json: bool, **options: Any) -> SyncCheck:
        if repair:
            outcome = self._repair()
            if not json:
                self.stdout.write(
                    f"Repaired: created {outcome.created}, updated {outcome.updated}, "
                    f"marked as deleted {outcome.deleted}, failed {outcome.failed}."
                )
        check = run_check(now=timezone.now(), repaired=repair)
        self.stdout.write(_as_json(check) if json else _as_text(check))
        return check

    def _repair(self) -> Outcome:
        now = timezone.now()
        outcome = sum((repair(entity, now=now) for entity in ENTITIES), start=Outcome())
        settle_mended(now=now)
        return outcome


def _as_json(check: SyncCheck) -> str:
    return json.dumps(
        {
            "entities": check.entities,
            "differences": check.differences,
            "seconds": check.seconds,
        }
    )


def _as_text(check: SyncCheck) -> str:
    lines = [f"{'':<12}{'source':>9}{'records':>9}{'missing':>9}{'changed':>9}{'orphaned':>9}"]
    for entity, found in check.entities.items():
        lines.append(f"{entity:<12}" + "".join(f"{count:>9}" for count in found.values()))
    if not check.differences:
        lines.append("Every record equals its source.")
    return "\n".join([*lines, f"Checked in {check.seconds:.2f} s."])
