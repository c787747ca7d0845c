"""What the home page counts and lists. Each figure is a queryset that its link lists in full."""

import logging
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import TypeVar

from django.db import DatabaseError, transaction
from django.db.models import Count, QuerySet, Value

from accounts.london import day_of, start_of_month
from billing.models import (
    Cycle,
    Episode,
    IncomingEvent,
    MembershipStatus,
    SubscriptionProblem,
)
from billing.models.membership import CURRENT
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord, SyncFailure
from listings.choices import EnquiryStatus, ListingStatus

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

MONTHS_IN_A_YEAR = 12


# --- Queues: what needs a decision ----------------------------------------------------------------


def listings_to_approve() -> QuerySet[PropertyRecord]:
    return PropertyRecord.objects.standing().filter(listing_status=ListingStatus.PENDING_APPROVAL)


def enquiries_to_answer() -> QuerySet[EnquiryRecord]:
    """New ones, but for those held back as suspicious."""
    new = EnquiryRecord.objects.standing().filter(status=EnquiryStatus.NEW)
    return new.filter(enquiry__quarantine_reason="")


def enquiries_held_back() -> QuerySet[EnquiryRecord]:
    """Those that their owners do not see, spam apart. See also Enquiry.is_held_back."""
    with_reason = EnquiryRecord.objects.standing().filter(enquiry__quarantine_reason__gt="")
    return with_reason.exclude(status=EnquiryStatus.SPAM)


def enquiries_to_release() -> QuerySet[EnquiryRecord]:
    """Held back, and staff have not said yet what is to become of them."""
    return enquiries_held_back().filter(status=EnquiryStatus.NEW)


def payments_failing() -> QuerySet[MembershipRecord]:
    return MembershipRecord.objects.standing().filter(status=MembershipStatus.PAST_DUE)


def payments_owed() -> QuerySet[Episode]:
    """The board of failing payments: what is owed, why, and what was said about it."""
    return Episode.objects.open()


def unreadable_subscriptions() -> QuerySet[SubscriptionProblem]:
    return SubscriptionProblem.objects.open()


def parked_events() -> QuerySet[IncomingEvent]:
    """Of Stripe, given up after the last try."""
    return IncomingEvent.objects.parked().defer("body")


def open_failures() -> QuerySet[SyncFailure]:
    return SyncFailure.objects.open()


def queue_counts() -> dict[str, int | None]:
    """Return the length of every queue by name; None for one that cannot be read."""
    queues = {
        "listings": listings_to_approve(),
        "enquiries": enquiries_to_answer(),
        "held_back": enquiries_to_release(),
        "payments": payments_owed(),
        "subscriptions": unreadable_subscriptions(),
        "events": parked_events(),
        "failures": open_failures(),
    }
    return readable_counts(queues)


# --- Figures --------------------------------------------------------------------------------------


def live_houses() -> QuerySet[PropertyRecord]:
    return PropertyRecord.objects.standing().filter(listing_status=ListingStatus.LIVE)


def enquiries_this_month(now: datetime) -> QuerySet[EnquiryRecord]:
    since = start_of_month(day_of(now))
    return EnquiryRecord.objects.standing().filter(created_at__gte=since)


def current_memberships() -> QuerySet[MembershipRecord]:
    """Those that count as recurring revenue. A failing payment counts, and is at risk."""
    return MembershipRecord.objects.standing().filter(status__in=CURRENT)


def paying_members() -> QuerySet[Contact]:
    return Contact.objects.standing().filter(pk__in=current_memberships().values("contact"))


def monthly_pence(membership: MembershipRecord) -> Fraction:
    """Return the price without VAT a month, as a part of it for what is paid by the year."""
    if membership.billing_cycle == Cycle.MONTHLY:
        return Fraction(membership.plan_price_pence)
    return Fraction(membership.plan_price_pence, MONTHS_IN_A_YEAR)


def figures(now: datetime) -> dict[str, int | None]:
    """Return the home page's counts by name; None for one that cannot be read."""
    return readable_counts(
        {
            "contacts": Contact.objects.standing(),
            "houses": live_houses(),
            "enquiries": enquiries_this_month(now),
        }
    )


def counts(querysets: dict[str, QuerySet]) -> dict[str, int]:
    """Return how many rows each queryset has, in one query."""
    names = list(querysets)
    first, *others = (
        rows.order_by()
        .annotate(counted=Value(name))
        .values("counted")
        .annotate(rows=Count("pk"))
        .values_list("counted", "rows")
        for name, rows in querysets.items()
    )
    return dict.fromkeys(names, 0) | dict(first.union(*others, all=True))


# --- A broken table -------------------------------------------------------------------------------


def readable(read: Callable[[], Answer]) -> Answer | None:
    """Return what `read` finds, or None if the database refuses.

    The admin is where a broken table is noticed: its pages open without what it held. The
    savepoint keeps a transaction around it usable.
    """
    try:
        with transaction.atomic():
            return read()
    except DatabaseError:
        logger.exception("A table that the admin shows cannot be read.")
        return None


def readable_counts(querysets: dict[str, QuerySet]) -> dict[str, int | None]:
    """Count in one query; if that fails, each by itself, for one broken table must not hide all."""
    together = readable(lambda: counts(querysets))
    if together is not None:
        return together
    return {name: readable(rows.count) for name, rows in querysets.items()}
