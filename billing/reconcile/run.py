"""The comparison from beginning to end: list, compare, look again, repair."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

import stripe
from django.db import DatabaseError

from billing import gateway
from billing.gateway import StripeUnavailable
from billing.locks import LeaseBusy, LeaseLost
from billing.models import Membership, Payment, ReconcileRun
from billing.reconcile.desk import Desk, clean_desk
from billing.reconcile.differences import (
    Difference,
    cannot_be_read,
    find_difference,
    not_at_stripe,
)
from billing.reconcile.past_events import catch_up
from billing.reconcile.pictures import Picture, fresh, listed, listed_subscription
from billing.reconcile.recent import has_moved, touched_customers
from billing.state import UnreadableSubscription
from billing.sync import refresh_membership

logger = logging.getLogger(__name__)

KINDS = ("subscriptions", "invoices", "charges", "refunds", "credit_notes", "disputes")
PAGE = 100
LISTED_AT_MOST = 200
STOPPED = "It was stopped before the end."


@dataclass
class Progress:
    """How far a run has come; `watch` is called after each step, and may raise to stop it."""

    counts: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    found: int = 0
    left: int = 0
    listed: list[dict[str, Any]] = field(default_factory=list)
    watch: Callable[["Progress"], None] = lambda progress: None
    tell: Callable[[Difference, bool], None] = lambda difference, left: None

    @property
    def repaired(self) -> int:
        return self.found - self.left

    def note(self, difference: Difference, *, left: bool) -> None:
        self.found += 1
        self.left += left
        if len(self.listed) < LISTED_AT_MOST:
            self.listed.append(difference.as_json(left=left))
        self.tell(difference, left)

    def columns(self) -> dict[str, Any]:
        return {
            "counts": dict(self.counts),
            "found": self.found,
            "differences": self.left,
            "listed": self.listed,
        }


def run_reconcile(progress: Progress, *, now: datetime, since: datetime | None) -> ReconcileRun:
    """Repair what differs, and keep what came of it as a row, be it a failure.

    Raises StripeUnavailable, and what `progress.watch` raises.
    """
    run, began = ReconcileRun.objects.create(started_at=now, since=since), time.monotonic()
    error = STOPPED
    try:
        reconcile(progress, now=now, since=since, repair=True)
        error = ""
    except StripeUnavailable as silence:
        error = in_words(silence)
        raise
    finally:
        finished_at = now + timedelta(seconds=time.monotonic() - began)
        run.finish(finished_at, error=error, **progress.columns())
    return run


def in_words(silence: StripeUnavailable) -> str:
    """Say it for staff: the exception's own message is for an owner who is buying."""
    cause = silence.__cause__
    if isinstance(cause, stripe.APIConnectionError):  # which says it over half a page
        return "Stripe cannot be reached."
    said = " ".join(str(getattr(cause, "user_message", None) or cause or "").split())
    return f"Stripe did not answer as it should{f': {said}' if said else ''}".rstrip(".") + "."


def reconcile(progress: Progress, *, now: datetime, since: datetime | None, repair: bool) -> None:
    """Compare all that Stripe holds with our rows, or with `since` what moved since then.

    Raises StripeUnavailable: what was repaired until then stays repaired.
    """
    with clean_desk() as desk:
        for kind in KINDS:
            for each in gateway.list_all(kind, since=since):
                desk.lay(kind, each)
                progress.counts[kind] += 1
                progress.watch(progress)
        for difference in _differences(desk, progress, now, since):
            progress.note(difference, left=not (repair and _repair(difference, now)))
    # Now that every subscription is known.
    missed = catch_up(now=now, repair=repair, watch=lambda: progress.watch(progress))
    progress.counts["missed_events"] = missed


# --- Comparing ------------------------------------------------------------------------------------


def _differences(
    desk: Desk, progress: Progress, now: datetime, since: datetime | None
) -> Iterator[Difference]:
    find = _of_recent(desk, since, now) if since else _of_everything(desk, now)
    for ids in _pages(desk.subscription_ids()):
        ours = Ours(ids)
        for subscription_id in ids:
            if _is_suspect(find, subscription_id, ours):
                yield from _look_again(subscription_id, now)
            progress.compared += 1
            progress.watch(progress)
    yield from _unknown_to_stripe(desk)


class Ours:
    """Our rows for a page of subscriptions."""

    def __init__(self, subscription_ids: list[str]) -> None:
        known = Membership.objects.filter(stripe_subscription_id__in=subscription_ids)
        self.memberships = {
            membership.stripe_subscription_id: membership
            for membership in known.select_related("owner__user", "tier")
        }

    @cached_property
    def payments(self) -> dict[int, list[Payment]]:
        found: dict[int, list[Payment]] = {}
        for payment in Payment.objects.filter(membership__in=self.memberships.values()):
            found.setdefault(payment.membership_id, []).append(payment)
        return found

    def of(self, subscription_id: str) -> tuple[Membership | None, list[Payment]]:
        membership = self.memberships.get(subscription_id)
        return membership, self.payments.get(membership.pk, []) if membership else []


Finder = Callable[[str, Ours], object]


def _of_everything(desk: Desk, now: datetime) -> Finder:
    prices = gateway.list_prices()

    def find(subscription_id: str, ours: Ours) -> Difference | None:
        picture = listed(desk, subscription_id, prices)
        return find_difference(picture, *ours.of(subscription_id), now)

    return find


def _of_recent(desk: Desk, since: datetime, now: datetime) -> Finder:
    prices, customers = gateway.list_prices(), touched_customers(desk)

    def find(subscription_id: str, ours: Ours) -> bool:
        membership = ours.memberships.get(subscription_id)
        subscription = listed_subscription(desk, subscription_id, prices)
        return has_moved(subscription, membership, customers, since, now)

    return find


def _is_suspect(find: Finder, subscription_id: str, ours: Ours) -> bool:
    try:
        return bool(find(subscription_id, ours))
    except UnreadableSubscription:
        return True


def _look_again(subscription_id: str, now: datetime) -> Iterator[Difference]:
    """Compare with Stripe's word of this moment: since the lists were made, much may have moved."""
    try:
        picture = fresh(subscription_id)
    except UnreadableSubscription as problem:
        yield cannot_be_read(subscription_id, problem)
        return
    if picture and (difference := _compare(picture, now)):
        yield difference


def _compare(picture: Picture, now: datetime) -> Difference | None:
    subscription_id = picture.subscription["id"]
    return find_difference(picture, *Ours([subscription_id]).of(subscription_id), now)


def _unknown_to_stripe(desk: Desk) -> Iterator[Difference]:
    memberships = Membership.objects.select_related("owner__user", "tier").order_by("pk")
    for membership in memberships.iterator(chunk_size=PAGE):
        name = membership.stripe_subscription_id
        if not desk.has("subscriptions", name) and gateway.fetch_subscription(name) is None:
            yield not_at_stripe(membership)


def _pages(names: Iterable[str]) -> Iterator[list[str]]:
    names = iter(names)
    while page := list(islice(names, PAGE)):
        yield page


# --- Repairing ------------------------------------------------------------------------------------


def _repair(difference: Difference, now: datetime) -> bool:
    """Bring the membership into line, and return whether it then is."""
    name = difference.subscription_id
    try:
        refresh_membership(name, now=now)
    except (LeaseBusy, LeaseLost):  # somebody else is bringing it into line just now
        logger.warning("Subscription %s was being worked on, and was left alone.", name)
        return False
    except DatabaseError:  # one that cannot be written keeps no other from being repaired
        logger.exception("Subscription %s could not be repaired.", name)
        return False
    try:
        picture = fresh(name)
    except UnreadableSubscription:  # parked by now, where staff see it
        return False
    return picture is not None and _compare(picture, now) is None
