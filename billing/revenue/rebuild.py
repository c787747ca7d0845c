"""Makes spans and changes afresh from what Stripe said, or proves that it would change nothing."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Exists, OuterRef

from accounts.london import day_of
from billing.models.revenue import RevenueChange, RevenueSpan, SubscriptionMoment
from billing.revenue.closing import notice_adjustments
from billing.revenue.keeping import bring_into_line, content, wanted_changes, wanted_spans
from billing.revenue.tallies import TALLIES

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

BATCH = 200
LISTED_AT_MOST = 50


@dataclass
class Progress:
    """How far a run has come; `watch` is called after each batch, and may raise to stop it."""

    total: int = 0
    done: int = 0
    written: int = 0
    found: int = 0
    listed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # subscriptions that cannot be derived
    watch: Callable[["Progress"], None] = lambda progress: None

    def note(self, words: Iterable[str]) -> None:
        for line in words:
            self.found += 1
            if len(self.listed) < LISTED_AT_MOST:
                self.listed.append(line)


def rebuild(progress: Progress, *, now: datetime, only_due: bool = False) -> None:
    """Write what differs, batch by batch: what was written before an interruption stays right."""
    ids = _due(now) if only_due else _all()
    progress.total = len(ids)
    for batch in _batches(ids):
        for written in _that_work(batch, progress, lambda names: bring_into_line(names, now=now)):
            progress.written += written
        _step(progress, batch)
    if not only_due:
        progress.written += _drop_changes_of_nobody()
        progress.written += sum(tally.make_afresh() for tally in TALLIES)
    notice_adjustments(now=now)


def check(progress: Progress, *, now: datetime) -> None:
    """Note every row that a rebuild would write or delete; write nothing."""
    ids = _all()
    progress.total = len(ids)
    for batch in _batches(ids):
        for words in _that_work(batch, progress, lambda names: _spans_differing(names, now)):
            progress.note(words)
        _step(progress, batch)
    for accounts in _batches(_accounts()):
        stored_changes = RevenueChange.objects.filter(account__in=accounts)
        progress.note(_differing(stored_changes, wanted_changes(accounts)))
        progress.watch(progress)
    for tally in TALLIES:
        progress.note(tally.differences())


def _that_work(
    batch: list[str], progress: Progress, work: Callable[[list[str]], Result]
) -> Iterator[Result]:
    """Yield what comes of a batch; where one fails, of each of its own, and name those that do."""
    try:
        with transaction.atomic():
            result = work(batch)
    except Exception:
        if len(batch) == 1:
            logger.exception("The revenue of %s could not be derived", batch[0])
            progress.failed.append(batch[0])
            return
        for name in batch:
            yield from _that_work([name], progress, work)
    else:
        yield result


def _spans_differing(names: list[str], now: datetime) -> list[str]:
    stored = RevenueSpan.objects.filter(stripe_subscription_id__in=names)
    return list(_differing(stored, wanted_spans(names, now=now)))


def _drop_changes_of_nobody() -> int:
    """Changes of an account without a span follow from nothing."""
    of_somebody = RevenueSpan.objects.filter(account=OuterRef("account"))
    return RevenueChange.objects.exclude(Exists(of_somebody)).delete()[0]


def _step(progress: Progress, batch: list[str]) -> None:
    progress.done += len(batch)
    progress.watch(progress)


def _all() -> list[str]:
    """All subscriptions with a moment, and those with a span that has none."""
    name = "stripe_subscription_id"
    said = SubscriptionMoment.objects.order_by().values_list(name)
    return sorted(each for (each,) in said.union(RevenueSpan.objects.order_by().values_list(name)))


def _due(now: datetime) -> list[str]:
    """Subscriptions that have changed by themselves since they were derived."""
    turned = RevenueSpan.objects.filter(turns_on__lte=day_of(now))
    return sorted(set(turned.values_list("stripe_subscription_id", flat=True)))


def _accounts() -> list[str]:
    rows = RevenueSpan.objects.order_by().values_list("account")
    changes = RevenueChange.objects.order_by().values_list("account")
    return sorted(each for (each,) in rows.union(changes))


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    names = iter(names)
    while batch := list(islice(names, BATCH)):
        yield batch


def _differing(stored: Iterable[Any], wanted: Iterable[models.Model]) -> Iterator[str]:
    """Say in words what is missing and what must not be there."""
    stands, must = ({content(row): row for row in rows} for rows in (stored, wanted))
    yield from (f"missing: {_shown(must[each])}" for each in must.keys() - stands.keys())
    yield from (f"not so: {_shown(stands[each])}" for each in stands.keys() - must.keys())


def _shown(row: RevenueSpan | RevenueChange) -> str:
    if isinstance(row, RevenueSpan):
        return f"{row}: {row.get_standing_display().lower()}, {row.annual_pence} pence a year"
    return f"{row}: {row.amount_pence} pence a year, of {row.account}"
