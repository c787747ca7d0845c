import sys
from datetime import datetime
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection
from django.template.defaultfilters import date as format_date
from django.template.defaultfilters import pluralize
from django.utils import timezone
from tqdm import tqdm

from accounts.actor import acting_as
from accounts.interruption import interruptible
from crm import reasons
from crm.backfill import Courtesy, batches, preview_batch
from crm.backfill_progress import (
    AnotherAtWork,
    BegunAnew,
    advance,
    begin,
    done_by,
    outcome_of,
)
from crm.management.arguments import number_between, past_moment
from crm.mirror import ENTITIES, MIRRORS, Mirror, Outcome
from crm.mirror.statistics import count_anew
from crm.models import BackfillRun, Entity

# Savers of the same kind wait for a batch, and not for longer than a second.
DEFAULT_SIZE, LARGEST_SIZE = 4_000, 10_000
# What can be asked for, in the words of the sources and in those of the records.
CHOICES = {
    "all": [mirror.name for mirrors in ENTITIES.values() for mirror in mirrors],
    "owners": ["owners"],
    "guests": ["guests"],
    "contacts": ["owners", "guests"],
    "properties": ["properties"],
    "enquiries": ["guests", "enquiries"],
    "memberships": ["memberships"],
}
HELP = {
    "what": "owners: the contacts of owners; guests: the contacts of guests; contacts: both; "
    "enquiries: the enquiries and their guests; properties; memberships; all, if nothing is named",
    "since": "only what was saved from then on: a day in London (2026-11-20) or a moment "
    "(2026-11-20T14:30). What is written past the application (bulk updates, SQL) carries no time "
    "and is left out; without this option everything is covered",
    "dry-run": "count what would be done, from the beginning, and write nothing",
    "restart": "begin anew instead of going on where an interrupted backfill stood",
    "batch-size": f"sources in one transaction, at most {LARGEST_SIZE} (default: {DEFAULT_SIZE})",
}


class Command(BaseCommand):
    help = (
        "Rebuild the CRM's records from their sources. Run twice, it changes nothing the second "
        "time; interrupted, it goes on where it stood. Exit code 1 when a record could not be "
        "written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="?", default="all", choices=CHOICES, help=HELP["what"])
        parser.add_argument("--since", type=past_moment, help=HELP["since"])
        parser.add_argument("--dry-run", action="store_true", help=HELP["dry-run"])
        parser.add_argument("--restart", action="store_true", help=HELP["restart"])
        parser.add_argument(
            "--batch-size",
            type=number_between(1, LARGEST_SIZE),
            default=DEFAULT_SIZE,
            help=HELP["batch-size"],
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as("system:crm_backfill", "command"), interruptible() as interruption:
                self.interruption = interruption
                outcomes = (
                    self._preview(**options) if options["dry_run"] else self._write(**options)
                )
        except AnotherAtWork as another:
            raise CommandError(_under_way(another.run)) from None
        except BegunAnew:
            raise CommandError("Somebody has begun this backfill anew, so this one ends.") from None
        except Error as error:
            raise CommandError(_why(error)) from error
        except KeyboardInterrupt:
            self._stop("Stopped within a batch: it is undone, what was done before it stands.")
        self._report(outcomes)

    def _stop(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(self.interruption.exit_code)

    # --- Writing ----------------------------------------------------------------------------------

    def _write(
        self, *, what: str, since: datetime | None, restart: bool, batch_size: int, **options: Any
    ) -> dict[str, Outcome]:
        mirrors = [MIRRORS[name] for name in CHOICES[what]]
        begun = begin(mirrors, since=since, restart=restart, now=timezone.now())
        for run in begun.given_up:
            self.stdout.write(f"Beginning anew, not where another one stood ({_so_far(run)}).")
        for run in begun.runs:
            if done_by(run):
                self.stdout.write(f"Going on: {_so_far(run)}.")
        outcomes = {run.mirror: self._finish(run, batch_size) for run in begun.runs}
        count_anew()
        return outcomes

    def _finish(self, run: BackfillRun, size: int) -> Outcome:
        courtesy = Courtesy()
        with _bar(MIRRORS[run.mirror], run.since, done_by(run)) as bar:
            while run.finished_at is None:
                if self.interruption.signal:
                    self._stop(f"Stopped: {_so_far(run)}. The same command goes on from there.")
                run = advance(run, size, now=timezone.now())
                bar.update(done_by(run) - bar.n)
                courtesy.give_way()
        return outcome_of(run)

    # --- Counting only ----------------------------------------------------------------------------

    def _preview(
        self, *, what: str, since: datetime | None, batch_size: int, **options: Any
    ) -> dict[str, Outcome]:
        self.stdout.write("Dry run, from the beginning: nothing is written.")
        return {name: self._count(MIRRORS[name], since, batch_size) for name in CHOICES[what]}

    def _count(self, mirror: Mirror, since: datetime | None, size: int) -> Outcome:
        outcome = Outcome()
        with _bar(mirror, since, 0) as bar:
            for keys in batches(mirror, size, since=since):
                if self.interruption.signal:
                    self._stop("Stopped. Nothing was written.")
                outcome += preview_batch(mirror, keys)
                bar.update(len(keys))
        return outcome

    # --- Saying what came of it -------------------------------------------------------------------

    def _report(self, outcomes: dict[str, Outcome]) -> None:
        for entity in Entity:
            parts = [outcomes[each.name] for each in ENTITIES[entity] if each.name in outcomes]
            if parts:
                self.stdout.write(_line(entity, sum(parts, start=Outcome())))
        failed = sum(outcome.failed for outcome in outcomes.values())
        if failed:
            raise CommandError(
                f"{failed} record{pluralize(failed)} could not be written: see Sync failures."
            )


def _bar(mirror: Mirror, since: datetime | None, done: int) -> "tqdm[NoReturn]":
    """Return a bar for a terminal; elsewhere one that shows nothing and counts nothing."""
    watched = sys.stderr.isatty()
    total = mirror.due(since).count() if watched else None
    return tqdm(desc=mirror.name, unit=" rows", total=total, initial=done, disable=not watched)


def _line(entity: Entity, outcome: Outcome) -> str:
    return (
        f"{entity.value:<12} created {outcome.created}, updated {outcome.updated}, "
        f"unchanged {outcome.unchanged}, failed {outcome.failed}"
    )


def _so_far(run: BackfillRun) -> str:
    return f"{done_by(run):,} {run.mirror} were done by {_moment(run.updated_at)}"


def _under_way(run: BackfillRun) -> str:
    covered = f"those saved since {_moment(run.since)}" if run.since else "all of them"
    return (
        f"A backfill of {run.mirror} is under way, for {covered}: {_so_far(run)}. "
        "Wait for its end, or take its place with --restart."
    )


def _moment(moment: datetime) -> str:
    return format_date(timezone.localtime(moment), "j M Y H:i")


def _why(error: Error) -> str:
    """Say what is wrong with the database; what was written before stands."""
    reason, _, said = reasons.explain(error).partition("\n")
    if reason == reasons.MISSING:
        return f"{reason} Run `manage.py migrate` first. ({said})"
    is_usable = connection.connection is not None and connection.is_usable()
    if reason == reasons.UNKNOWN and not is_usable:
        reason = reasons.UNREACHABLE
    return f"{reason} What is done stands, and the same command goes on from there. ({said})"
