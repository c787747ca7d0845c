"""Trying again what failed: many at once, and one by one only where that does not work."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, IntegerField, QuerySet

from accounts.actor import current_actor
from crm.failures import wait_after
from crm.mirror import MIRRORS, Mirror
from crm.mirror.history import mending
from crm.mirror.rows import Key
from crm.models import Cause, SyncFailure
from crm.reasons import explain, halves

logger = logging.getLogger(__name__)

AT_ONCE = 500


NAMES_NOTHING = "It names nothing that this version of the CRM knows: there is no record to write."


class UnknownSource(Exception):
    """A failure's key is none of a source that this version mirrors."""


@dataclass
class Tried:
    """What became of failures that were tried again."""

    settled: int = 0
    failed: int = 0
    left: int = 0  # not tried, for want of time

    @property
    def done(self) -> int:
        return self.settled + self.failed


@dataclass
class _Group:
    """Failures of one mirror, by the key of their source."""

    mirror: Mirror
    failures: dict[Key, SyncFailure] = field(default_factory=dict)

    def sync(self, now: datetime, ends_at: float) -> dict[Key, Exception | None]:
        """Sync all keys at once; of keys that fail together each half by itself, down to one.

        Return the error of each key, or None; a key for which no time was left is missing.
        """
        found: dict[Key, Exception | None] = {}
        parts = [list(self.failures)]
        while parts and time.monotonic() < ends_at:
            keys = parts.pop()
            try:
                with mending(Cause.FAILED_SYNC), transaction.atomic():
                    self.mirror.sync(keys, now=now)
                found |= dict.fromkeys(keys)
            except Exception as error:
                if len(keys) == 1:
                    found[keys[0]] = error
                else:
                    parts += [keys[len(keys) // 2 :], keys[: len(keys) // 2]]
        return found


def retry(
    failures: QuerySet[SyncFailure],
    *,
    now: datetime,
    seconds: float | None = None,
    tell: Callable[[Tried], None] | None = None,
) -> Tried:
    """Try again those that are open, the longest due first, and count what came of it.

    One that still cannot be settled stops no other. After `seconds` nothing more is begun. After
    each batch `tell` hears how far it has come.
    """
    ends_at = float("inf") if seconds is None else time.monotonic() + seconds
    due_first = failures.filter(resolved_at=None)
    due_first = due_first.order_by(F("next_retry_at").asc(nulls_first=True), "pk")
    waiting = list(due_first.values_list("pk", flat=True))
    tried = Tried(left=len(waiting))
    for start in range(0, len(waiting), AT_ONCE):
        if time.monotonic() >= ends_at:
            break
        _try(due_first.filter(pk__in=waiting[start : start + AT_ONCE]), tried, now, ends_at)
        if tell:
            tell(tried)
    return tried


def _try(failures: Iterable[SyncFailure], tried: Tried, now: datetime, ends_at: float) -> None:
    groups, unknown = _by_mirror(failures)
    settled: list[SyncFailure] = []
    failed: list[tuple[SyncFailure, Exception]] = []
    for group in groups:
        for key, error in group.sync(now, ends_at).items():
            if error is None:
                settled.append(group.failures[key])
            else:
                failed.append((group.failures[key], error))
    with transaction.atomic():
        _close(settled, now)
        _close_unknown(unknown, now)
        for failure, error in failed:
            _put_off(failure, error, now)
    tried.settled += len(settled) + len(unknown)
    tried.failed += len(failed)
    tried.left -= len(settled) + len(unknown) + len(failed)


def _by_mirror(
    failures: Iterable[SyncFailure],
) -> tuple[Iterable[_Group], list[SyncFailure]]:
    """Return the failures grouped, and those whose key means nothing."""
    groups: dict[str, _Group] = {}
    unknown: list[SyncFailure] = []
    for failure in failures:
        try:
            mirror, key = source_of(failure)
        except UnknownSource:
            unknown.append(failure)
        else:
            groups.setdefault(mirror.name, _Group(mirror)).failures[key] = failure
    return groups.values(), unknown


def source_of(failure: SyncFailure) -> tuple[Mirror, Key]:
    """Return the mirror and the key of the source whose record failed.

    Raises UnknownSource.
    """
    name, _, key = failure.source_key.partition(":")
    try:
        mirror = MIRRORS[name]
        if not isinstance(mirror.key_field, IntegerField):
            return mirror, key
        number = int(key)
        mirror.key_field.run_validators(number)  # a database fails on a number beyond its own
        return mirror, number
    except (KeyError, ValueError, ValidationError):
        raise UnknownSource(f"nothing is mirrored by the key “{failure.source_key}”") from None


# --- Writing down what came of it -----------------------------------------------------------------


def _close(failures: list[SyncFailure], now: datetime) -> None:
    """Resolve them, but for one that failed anew since it was read: that is for the next try."""
    if not failures:
        return
    unchanged = SyncFailure.objects.filter(
        pk__in=[failure.pk for failure in failures],
        updated_at__lte=max(failure.updated_at for failure in failures),
    )
    unchanged.filter(resolved_at=None).update(
        resolved_at=now, resolved_by=current_actor().name, next_retry_at=None, updated_at=now
    )


def _close_unknown(failures: list[SyncFailure], now: datetime) -> None:
    """Resolve what no try could ever settle, and say why; what the database said stays below."""
    for failure in failures:
        failure.message = f"{NAMES_NOTHING}\n{halves(failure.message)[1]}"
        failure.save(update_fields=["message"])
    _close(failures, now)


def _put_off(failure: SyncFailure, error: Exception, now: datetime) -> None:
    logger.warning("The CRM record of %s still cannot be written: %s", failure, error)
    failure.attempts += 1
    failure.message = explain(error)
    failure.next_retry_at = now + wait_after(failure.attempts)
    failure.save(update_fields=["attempts", "message", "next_retry_at", "updated_at"])


def settle_mended(*, now: datetime) -> None:
    """Close the failures whose records are in order again; touch no other, and write no record."""
    keys = SyncFailure.objects.open().order_by("pk").values_list("pk", flat=True)
    waiting = list(keys)
    for start in range(0, len(waiting), AT_ONCE):
        some = SyncFailure.objects.filter(pk__in=waiting[start : start + AT_ONCE])
        groups, unknown = _by_mirror(some)
        _close_unknown(unknown, now)
        for group in groups:
            differing = _differing(group.mirror, list(group.failures))
            mended = [each for key, each in group.failures.items() if key not in differing]
            _close(mended, now)


def _differing(mirror: Mirror, keys: list[Key]) -> set[Key]:
    sources = {f"{mirror.key}__in": keys}
    orphans = mirror.orphaned().filter(**{f"{mirror.link}__in": keys})
    return {
        *mirror.missing().filter(**sources).values_list(mirror.key, flat=True),
        *mirror.changed().filter(**sources).values_list(mirror.key, flat=True),
        *orphans.values_list(mirror.link, flat=True),
    }
