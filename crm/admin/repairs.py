"""Repairs that staff ask for: what was chosen in the viewer, in a page's time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django_q.tasks import async_task

from accounts.admin_columns import link_to
from crm.admin.differences import (
    MOST_AT_ONCE,
    Choice,
    Totals,
    counts,
    differences_of,
    totals_of,
)
from crm.admin.filters import write_window
from crm.home import list_url, may
from crm.mirror import Outcome
from crm.mirror.rows import Key
from crm.models import ActivityLog, SyncFailure
from crm.proof.check import ORDER, Progress, run_check, run_repair
from crm.proof.differences import Difference, repair_one
from crm.proof.evidence import large_check
from crm.proof.mending import mend
from crm.retrying import settle_mended

LONGEST_SECONDS = 15
LARGE = "There are too many records to do it while a page waits; look again in a few minutes."
REPAIRED_TOGETHER = 100


@dataclass(frozen=True)
class Repaired:
    outcome: Outcome = field(default_factory=Outcome)
    left: int = 0
    is_with_worker: bool = False
    gone: int | None = None  # of the differences, where all were compared before and after


def hand_to_worker(*command: str) -> None:
    async_task("crm_project.worker.run_command", *command, group=" ".join(command))


def repair_chosen(choice: Choice, *, now: datetime) -> Repaired:
    """Repair what was chosen, at most as much as a page has time for."""
    large = large_check()
    if large and choice.entity is None:
        hand_to_worker("crm_check", "--repair")
        return Repaired(is_with_worker=True)
    totals = totals_of(choice, counts(choice, large))
    if choice.is_everything and sum(totals.values()) <= MOST_AT_ONCE:
        progress = Progress()
        check = run_repair(now=now, progress=progress)
        # It tries more than once, and counts each try that failed.
        outcome = replace(progress.outcome, failed=check.differences)
        return Repaired(outcome, gone=max(0, check.found - check.differences))
    repaired = _repair_first(totals, now)
    _look_again(now)
    return repaired


def repair_this(mirror: str, key: Key, *, now: datetime) -> Repaired:
    repaired = Repaired(repair_one(mirror, key, now=now))
    _look_again(now)
    return repaired


def _look_again(repaired_at: datetime) -> None:
    """Close the failures that this settled, and have the health page tell of now."""
    settle_mended(now=repaired_at)
    check_now()


def check_now() -> bool:
    """Check, or have the worker do so where that takes long; return whether it is done."""
    if large_check():
        hand_to_worker("crm_check")
        return False
    run_check(now=timezone.now())
    return True


def _repair_first(totals: Totals, now: datetime) -> Repaired:
    # All are read before the first is repaired: a repair moves those that come after.
    found = list(differences_of(totals, 0, MOST_AT_ONCE))
    outcome, done, deadline = Outcome(), 0, time.monotonic() + LONGEST_SECONDS
    for batch in _batches(found):
        if time.monotonic() > deadline:
            break
        outcome += mend(batch, now=now)
        done += len(batch)
    return Repaired(outcome, left=sum(totals.values()) - done)


def _batches(found: list[Difference]) -> Iterator[list[Difference]]:
    """Group by mirror and kind, orphans first: they may hold what a new record needs."""
    for _, of_entity in groupby(found, key=lambda each: each.entity):
        in_order = sorted(of_entity, key=lambda each: ORDER.index(each.kind))
        for _, alike in groupby(in_order, key=lambda each: (each.kind, each.mirror)):
            batch = list(alike)
            for start in range(0, len(batch), REPAIRED_TOGETHER):
                yield batch[start : start + REPAIRED_TOGETHER]


def report(request: HttpRequest, repaired: Repaired, *, now: datetime) -> None:
    """Say what a repair did, with the log entries that it left."""
    if repaired.is_with_worker:
        messages.info(request, f"The worker repairs them now. {LARGE}")
        return
    outcome = repaired.outcome
    done = {
        "created": outcome.created,
        "brought up to date": outcome.updated,
        "marked as deleted": outcome.deleted,
    }
    words = ", ".join(f"{number:,} {what}" for what, number in done.items() if number)
    written = sum(done.values())
    together = (repaired.gone or 0) - written
    if words and together > 0:
        words = f"{words}, {together:,} together with these"
    if words:
        _say_repaired(request, written if repaired.gone is None else repaired.gone, words, now)
    elif not outcome.failed and not repaired.left:
        messages.info(request, "Nothing was left to repair: it equals its source.")
    if outcome.failed:
        failures = link_to(list_url(SyncFailure, state="open"), "Sync failures says why")
        text = "{} could not be repaired. {}."
        messages.error(request, format_html(text, counted(outcome.failed), failures))
    if repaired.left:
        messages.warning(
            request,
            f"{counted(repaired.left)} not repaired yet. The worker does the rest within a "
            "quarter of an hour; or repair again.",
        )


def _say_repaired(request: HttpRequest, number: int, words: str, now: datetime) -> None:
    entries = ""
    if may(request, "view", ActivityLog):
        url = list_url(ActivityLog, window=write_window(now, now))
        entries = link_to(url, "See what was written")
    messages.success(request, format_html("{} repaired: {}. {}", counted(number), words, entries))


def counted(number: int) -> str:
    return f"{number:,} {'record' if number == 1 else 'records'}"
