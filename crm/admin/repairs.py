"""Repairs that staff ask for: what was chosen in the viewer, in a page's time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from accounts.admin_columns import link_to
from crm.admin.differences import MOST_AT_ONCE, Choice, count, differences_of
from crm.admin.filters import write_window
from crm.check import ORDER, Progress, compare, run_check, run_repair
from crm.differences import Difference, repair_one
from crm.home import list_url, may
from crm.mending import mend
from crm.mirror import Outcome
from crm.mirror.rows import Key
from crm.models import ActivityLog, Entity, SyncFailure
from crm.retrying import settle_mended

LONGEST_SECONDS = 15
REPAIRED_TOGETHER = 100


@dataclass(frozen=True)
class Repaired:
    outcome: Outcome
    left: int = 0


def repair_chosen(choice: Choice, *, now: datetime) -> Repaired:
    """Repair what was chosen, at most as much as a page has time for."""
    totals = {entity: count(compare(entity), choice.kind) for entity in choice.chosen}
    if choice.is_everything and sum(totals.values()) <= MOST_AT_ONCE:
        progress = Progress()
        run_repair(now=now, progress=progress)
        return Repaired(progress.outcome)
    repaired = _repair_first(choice, totals, now)
    _look_again(now)
    return repaired


def repair_this(mirror: str, key: Key, *, now: datetime) -> Repaired:
    repaired = Repaired(repair_one(mirror, key, now=now))
    _look_again(now)
    return repaired


def _look_again(repaired_at: datetime) -> None:
    """Close the failures that this settled, and have the health page tell of now."""
    settle_mended(now=repaired_at)
    run_check(now=timezone.now())


def _repair_first(choice: Choice, totals: dict[Entity, int], now: datetime) -> Repaired:
    # All are read before the first is repaired: a repair moves those that come after.
    found = list(differences_of(choice.kind, totals, 0, MOST_AT_ONCE))
    outcome, done, deadline = Outcome(), 0, time.monotonic() + LONGEST_SECONDS
    for batch in _batches(found):
        if time.monotonic() > deadline:
            break
        outcome += mend(batch, now=now)
        done += len(batch)
    return Repaired(outcome, left=sum(totals.values()) - done)


def _batches(found: list[Difference]) -> Iterator[list[Difference]]:
    """Group by mirror and kind, orphans first: they may hold what a new record needs."""
    for _, of_mirror in groupby(found, key=lambda each: each.mirror):
        kinds = sorted(of_mirror, key=lambda each: ORDER.index(each.kind))
        for _, alike in groupby(kinds, key=lambda each: each.kind):
            batch = list(alike)
            for start in range(0, len(batch), REPAIRED_TOGETHER):
                yield batch[start : start + REPAIRED_TOGETHER]


def report(request: HttpRequest, repaired: Repaired, *, now: datetime) -> None:
    """Say what a repair did, with the log entries that it left."""
    outcome = repaired.outcome
    done = {
        "created": outcome.created,
        "brought up to date": outcome.updated,
        "marked as deleted": outcome.deleted,
    }
    words = ", ".join(f"{number:,} {what}" for what, number in done.items() if number)
    if words:
        _say_repaired(request, sum(done.values()), words, now)
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
