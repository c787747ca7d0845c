import os
import sys
from argparse import ArgumentTypeError
from datetime import datetime, time
from functools import partial
from json import dumps
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.dateparse import parse_date
from tqdm import tqdm

from accounts.actor import acting_as
from accounts.interruption import interruptible
from accounts.london import LONDON
from billing.gateway import StripeUnavailable
from billing.reconcile.differences import Difference
from billing.reconcile.run import KINDS, Progress, in_words, reconcile, run_reconcile

DIFFERS, NO_ANSWER = 1, 2


class Stopped(Exception):
    """Somebody asked the command to end, and the step at hand is done."""


class Command(BaseCommand):
    help = (
        "Compare every subscription, invoice, refund, credit note and dispute at Stripe with our "
        "memberships and payments, and repair what differs. Exit code 1 when a difference is left, "
        "2 when it could not be found out, 130 when stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what differs, and write nothing"
        )
        parser.add_argument(
            "--since", type=read_day, help="look only at what moved since this day (2026-08-31)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        self.json, self.dry_run = options["json"], options["dry_run"]
        self.is_partial = options["since"] is not None
        with acting_as("system:stripe_reconcile", "command"), interruptible() as self.interruption:
            with tqdm(unit="", disable=None) as bar:
                self.progress = Progress(watch=partial(self._watch, bar), tell=self._tell)
                self._run(options["since"])
        self._conclude()
        if self.progress.left:
            verb = pluralize(self.progress.left, "subscription differs,subscriptions differ")
            raise CommandError(f"{self.progress.left:,} {verb} from Stripe.", returncode=DIFFERS)

    def _run(self, since: datetime | None) -> None:
        now = timezone.now()
        try:
            if self.dry_run:
                reconcile(self.progress, now=now, since=since, repair=False)
            else:
                run_reconcile(self.progress, now=now, since=since)
        except StripeUnavailable as silence:
            raise CommandError(self._so_far(in_words(silence)), returncode=NO_ANSWER) from silence
        except Error as error:
            said = self._so_far(f"The database did not answer as it should ({error}).")
            raise CommandError(said, returncode=NO_ANSWER) from error
        except (Stopped, KeyboardInterrupt):
            code = self.interruption.exit_code
            raise CommandError(self._so_far("Stopped."), returncode=code) from None
        except BrokenPipeError:  # whoever read the list has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(DIFFERS) from None

    def _so_far(self, why: str) -> str:
        """Say what has become of the work: what was repaired stays, whatever stopped the rest."""
        progress = self.progress
        if not progress.compared:
            return f"{why} Nothing was compared yet, and nothing changed. Run it again."
        said = f"{why} {progress.compared:,} of {progress.counts['subscriptions']:,} compared"
        if self.dry_run:
            return f"{said}; nothing was written. Run it again."
        return f"{said}, {progress.repaired:,} repaired, which stays so. Run it again for the rest."

    def _watch(self, bar: "tqdm[NoReturn]", progress: Progress) -> None:
        if self.interruption.signal:
            raise Stopped
        if not progress.compared:
            bar.set_description("list", refresh=False)
            bar.update(progress.counts.total() - bar.n)
            return
        if bar.total is None:
            bar.reset(total=progress.counts["subscriptions"])
            bar.set_description("compare", refresh=False)
        bar.update(progress.compared - bar.n)

    # --- What is printed --------------------------------------------------------------------------

    def _tell(self, difference: Difference, left: bool) -> None:
        if self.json:
            self._begin_list("," if self.progress.found > 1 else "")
            self.stdout.write(dumps(difference.as_json(left=left)), ending="")
        else:
            done = "" if self.dry_run else "\n    Left as it is." if left else "\n    Repaired."
            self.stdout.write(f"{difference}{done}")

    def _begin_list(self, comma: str) -> None:
        self.stdout.write(comma or '{"list": [', ending="")

    def _conclude(self) -> None:
        progress = self.progress
        report = {
            **{kind: progress.counts[kind] for kind in (*KINDS, "missed_events")},
            "found": progress.found,
            "repaired": 0 if self.dry_run else progress.repaired,
            "differences": progress.left,
        }
        if self.json:
            if not progress.found:
                self._begin_list("")
            self.stdout.write(f"], {dumps(report)[1:]}")
            return
        listed = ", ".join(f"{k.replace('_', ' ')} {progress.counts[k]:,}" for k in KINDS)
        self.stdout.write(f"Listed by Stripe: {listed}.")
        if missed := progress.counts["missed_events"]:
            what = "would be learnt of" if self.dry_run else "learnt of"
            self.stdout.write(f"Events of subscriptions that never came in, {what}: {missed:,}.")
        self.stdout.write(self._result())

    def _result(self) -> str:
        progress = self.progress
        if not progress.found and self.is_partial:
            return f"Nothing that moved since then differs; {progress.compared:,} were looked at."
        if not progress.found:
            return f"All {progress.compared:,} subscriptions equal what Stripe holds."
        if self.dry_run:
            return f"Dry run: {progress.found:,} would be looked at again, and nothing was written."
        return f"Repaired {progress.repaired:,} of {progress.found:,}."


def read_day(text: str) -> datetime:
    """Return the moment a London day begins."""
    try:
        day = parse_date(text)
    except ValueError:  # of the right form, and no day
        day = None
    if day is None:
        raise ArgumentTypeError(f"“{text}” is not a day. Write it like this: 2026-08-31.")
    return datetime.combine(day, time(), LONDON)
