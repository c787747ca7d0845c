"""Exceptions that staff grant: granted, ended early, and ended by themselves."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.london import day_of, in_words
from accounts.transitions import TransitionNotAllowed, lock
from billing import publishing
from billing.models import ListingException, Tier
from billing.signals import exception_ended, exception_granted
from listings.models import Property

LONGEST = timedelta(days=366)
BY_ITSELF = "system"


class ExceptionRefused(Exception):
    """It cannot be granted; the message says why."""


@transaction.atomic
def grant(
    house: Property, *, tier: Tier, until: date, reason: str, by: str, now: datetime
) -> ListingException:
    """Let the house be submitted, approved and shown without a membership, to the end of `until`.

    Raises ExceptionRefused.
    """
    today = day_of(now)
    lock(house)
    _end_all(ListingException.objects.overdue(today).filter(property=house), now=now)
    if refused := refusal(house, until, reason, today=today):
        raise ExceptionRefused(refused)
    exception = ListingException.objects.create(
        property=house,
        tier=tier,
        until=until,
        reason=reason.strip(),
        granted_by=by,
        granted_at=now,
    )
    exception_granted.send(ListingException, exception=exception, now=now)
    return exception


def refusal(house: Property, until: date, reason: str, *, today: date) -> str:
    """Return why it cannot be granted, or ""."""
    running = ListingException.objects.running(today).filter(property=house).first()
    if running:
        return f"{house} has an exception until {in_words(running.until)} already."
    if not reason.strip():
        return "Say why the house needs no membership for a while."
    if not today <= until <= today + LONGEST:
        return "The last day must lie between today and a year from now."
    return ""


@transaction.atomic
def end(exception: ListingException, *, by: str, now: datetime) -> None:
    """End it before its day. Raises TransitionNotAllowed if it is over already."""
    lock(exception)
    if exception.ended_at:
        raise TransitionNotAllowed(
            f"This exception ended on {in_words(day_of(exception.ended_at))}."
        )
    _end(exception, by=by, now=now)


@transaction.atomic
def end_overdue(*, now: datetime) -> int:
    """End those whose last day is over; return how many."""
    return _end_all(ListingException.objects.overdue(day_of(now)), now=now)


def _end_all(overdue: QuerySet[ListingException], *, now: datetime) -> int:
    rows = list(overdue.select_for_update(of=("self",)).select_related("property"))
    for exception in rows:
        _end(exception, by=BY_ITSELF, now=now)
    return len(rows)


def _end(exception: ListingException, *, by: str, now: datetime) -> None:
    exception.ended_at, exception.ended_by = now, by
    exception.save(update_fields=["ended_at", "ended_by"])
    exception_ended.send(ListingException, exception=exception, now=now)
    publishing.follow_entitlement(exception.property, now=now)
