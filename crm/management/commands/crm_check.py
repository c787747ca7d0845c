import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from itertools import chain
from json import dumps
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone
from tqdm import tqdm

from accounts.actor import acting_as
from accounts.interruption import interruptible
from crm.management.database_faults import faults_in_words
from crm.management.differences_told import as_json, as_lines
from crm.mirror import ENTITIES
from crm.mirror.statistics import count_anew
from crm.models import SyncCheck
from crm.proof.check import Progress, compare_all, count, run_check, run_repair
from crm.proof.differences import Difference, differences


class Stopped(Exception):
    """Somebody asked the command to end, and the step at hand is done."""


class Command(BaseCommand):
    help = (
        "Prove that every record equals its source, and say where one does not. "
        "Exit code 1 when anything differs, 2 when it could not be found out, 130 when stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="make the records equal")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="list what --repair would change, column by column, and write nothing",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        self.progress, self.repairs = Progress(), options["repair"] and not options["dry_run"]
        origin = "repair" if options["repair"] else "command"
        with acting_as("system:crm_check", origin), interruptible() as self.interruption:
            try:
                with faults_in_words(self._so_far):
                    differing = self._check(**options)
            except Stopped:
                self._stop(self._so_far())
            except BrokenPipeError:  # whoever read the list has seen enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise SystemExit(1) from None
            except KeyboardInterrupt:  # within a step, which may be done by now or undone
                self._stop(self._at_least())
        if differing:
            verb = pluralize(differing, "record differs from its,records differ from their")
            raise CommandError(f"{differing:,} {verb} source.")

    def _look(self) -> None:
        if self.interruption.signal:
            raise Stopped

    def _stop(self, said: str) -> NoReturn:
        code = self.interruption.exit_code
        raise CommandError(f"Stopped. {said}".strip(), returncode=code) from None

    def _check(self, *, repair: bool, dry_run: bool, json: bool, **options: Any) -> int:
        """Return how many records differ in the end."""
        count_anew()
        if dry_run:
            return self._preview(json)
        now = timezone.now()
        check = self._repair(now, json) if repair else run_check(now=now, look=self._look)
        report = _report(check.entities, check.differences, check.seconds)
        self.stdout.write(dumps(report) if json else _table(report))
        return check.differences

    # --- Repairing --------------------------------------------------------------------------------

    def _repair(self, now: datetime, json: bool) -> SyncCheck:
        with tqdm(desc="repair", unit=" records", disable=None) as bar:
            self.progress.watch = partial(self._watch, bar)
            check = run_repair(now=now, progress=self.progress)
        if not json:
            self.stdout.write(self._done(check))
        return check

    def _done(self, check: SyncCheck) -> str:
        """Say what is gone of what was found: a sync may mend more than the record it is for."""
        done, gone = self.progress.outcome, max(0, check.found - check.differences)
        together = max(0, gone - done.created - done.updated - done.deleted)
        others = f", {together} together with these" if together else ""
        return (
            f"Repaired {gone} of {check.found} differences: created {done.created}, "
            f"updated {done.updated}, marked as deleted {done.deleted}{others}, "
            f"failed {done.failed}."
        )

    def _so_far(self) -> str:
        if not self.repairs:
            return ""
        if not self.progress.mended:
            return "No record was changed."
        done, found = min(self.progress.mended, self.progress.found), self.progress.found
        return (
            f"{done:,} of {found:,} differences were repaired, and stay so; the same command goes "
            "on with the rest."
        )

    def _watch(self, bar: "tqdm[NoReturn]", progress: Progress) -> None:
        bar.total = progress.found
        bar.update(progress.mended - bar.n)
        self._look()

    def _at_least(self) -> str:
        if self.progress.mended:
            return f"At least {self._so_far()}"
        if self.progress.found:
            return "Only the first batch may have been repaired; the same command goes on."
        return self._so_far()

    # --- Only saying what would be repaired -------------------------------------------------------

    def _preview(self, json: bool) -> int:
        started = time.monotonic()
        found = compare_all(self._look)
        entities = {entity.value: asdict(each) for entity, each in found.items()}
        report = _report(entities, count(found), round(time.monotonic() - started, 3))
        if json:
            self._print_json(report)
        else:
            for difference in _all():
                self._look()
                self.stdout.write(as_lines(difference))
            self.stdout.write(_table(report) + "\nDry run: nothing was written or repaired.")
        return count(found)

    def _print_json(self, report: dict[str, Any]) -> None:
        """Print the changes one by one: there may be more than memory should hold."""
        self.stdout.write(f'{dumps(report)[:-1]}, "changes": [', ending="")
        for position, difference in enumerate(_all()):
            self._look()
            self.stdout.write(("," if position else "") + dumps(as_json(difference)), ending="")
        self.stdout.write("]}")


def _all() -> Iterator[Difference]:
    return chain.from_iterable(differences(entity) for entity in ENTITIES)


def _report(entities: dict[str, Any], differing: int, seconds: float) -> dict[str, Any]:
    return {"entities": entities, "differences": differing, "seconds": seconds}


def _table(report: dict[str, Any]) -> str:
    lines = [f"{'':<12}{'source':>9}{'records':>9}{'missing':>9}{'changed':>9}{'orphaned':>9}"]
    for entity, found in report["entities"].items():
        lines.append(f"{entity:<12}" + "".join(f"{number:>9}" for number in found.values()))
    if not report["differences"]:
        lines.append("Every record equals its source.")
    return "\n".join([*lines, f"Checked in {report['seconds']:.2f} s."])
