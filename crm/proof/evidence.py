"""What is known of the mirror, from its tables and the worker's: nothing here compares records."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from django.db.models import Count, Exists, Max, Min, Model, Q, QuerySet
from django.utils import timezone
from django_q.models import Task

from accounts.london import day_of, start_of_day
from accounts.models import Owner
from billing.models import Membership, Tier
from crm.dashboard import open_failures, readable
from crm.models import (
    ActivityLog,
    BulkWrite,
    Contact,
    EnquiryRecord,
    Interaction,
    MembershipRecord,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from crm.proof.verdict import OF_THE_SITE, BrokenOff, Evidence
from crm.stats import LATELY
from listings.models import Enquiry, Photo, Property

Row = TypeVar("Row", bound=Model)

DRIFT_DAYS = 30
A_PAGES_SECONDS = 10
CHECK_COMMAND = "crm_check"
BY_HAND = "crm.proof.check"  # the function named by a job that is not the worker's
TABLES: dict[type[Model], str] = {
    Contact: "contacts",
    PropertyRecord: "properties",
    EnquiryRecord: "enquiries",
    MembershipRecord: "memberships",
    Interaction: "interactions",
    ActivityLog: "activity log",
    SyncFailure: "sync failures",
    SyncCheck: "checks",
    BulkWrite: "bulk writes",
    Owner: f"{OF_THE_SITE}owners",
    Property: f"{OF_THE_SITE}houses",
    Photo: f"{OF_THE_SITE}photos",
    Enquiry: f"{OF_THE_SITE}enquiries",
    Membership: f"{OF_THE_SITE}memberships",
    Tier: f"{OF_THE_SITE}tiers",
}


@dataclass(frozen=True)
class OpenFailures:
    count: int = 0
    oldest_at: datetime | None = None
    last_tried_at: datetime | None = None
    next_try_at: datetime | None = None


@dataclass(frozen=True)
class Worker:
    seen_at: datetime | None = None
    broken_off: BrokenOff | None = None


def gather() -> tuple[Evidence, OpenFailures | None]:
    """Return what a verdict rests on. One table that cannot be read must not hide the others."""
    check, unreadable = _newest_check()
    failures = readable(failures_in_brief)
    worker = readable(lambda: what_the_worker_did(check)) or Worker()
    evidence = Evidence(
        check=check,
        proved_at=check and (readable(last_proof) if check.differences else check.started_at),
        failures=failures.count if failures else 0,
        failed_at=failures and failures.last_tried_at,
        worker_at=worker.seen_at,
        broken_off=worker.broken_off,
        unreadable=unreadable,
    )
    return evidence, failures


def _newest_check() -> tuple[SyncCheck | None, tuple[str, ...]]:
    """Return the newest check, and the names of tables that cannot be read.

    One statement asks them all; only if that fails is each asked by itself.
    """
    newest = SyncCheck.objects.order_by("-started_at", "-id")
    touched = {f"reads_{model._meta.model_name}": Exists(model.objects.all()) for model in TABLES}
    found = readable(lambda: list(newest.annotate(**touched)[:1]))
    if found is not None:
        return next(iter(found), None), ()
    unreadable = [name for model, name in TABLES.items() if readable(model.objects.exists) is None]
    return readable(newest.first), tuple(unreadable)


def large_check() -> SyncCheck | None:
    """Return the newest check if it took longer than a page may: then the worker does the next."""
    newest = readable(SyncCheck.objects.order_by("-started_at", "-id").first)
    return newest if newest and newest.seconds > A_PAGES_SECONDS else None


def last_proof() -> datetime | None:
    equal = SyncCheck.objects.filter(differences=0)
    return equal.order_by("-started_at", "-id").values_list("started_at", flat=True).first()


def failures_in_brief() -> OpenFailures:
    found = open_failures().aggregate(
        count=Count("pk"),
        oldest_at=Min("created_at"),
        last_tried_at=Max("updated_at"),
        next_try_at=Min("next_retry_at"),
    )
    return OpenFailures(**found)


# --- The worker -------------------------------------------------------------------------------


def what_the_worker_did(check: SyncCheck | None) -> Worker:
    failed = Q(group__startswith=CHECK_COMMAND, success=False)
    jobs = Task.objects.order_by()
    found = jobs.aggregate(
        seen_at=Max("stopped", filter=~Q(func=BY_HAND)), failed_at=Max("started", filter=failed)
    )
    is_newest = found["failed_at"] and (check is None or check.started_at < found["failed_at"])
    if not is_newest:  # a check that found differences counts as failed too, but left a result
        return Worker(found["seen_at"])
    job = jobs.filter(failed).latest("started")
    return Worker(found["seen_at"], BrokenOff(job.stopped, _first_line(job.result)))


def remember_broken_off(why: str, *, began_at: datetime) -> None:
    """Keep, beside the worker's own, that a check which somebody asked for ended without a result.

    A later check that comes to its end makes up for it.
    """
    key = uuid4().hex
    job = Task(id=key, name=f"{CHECK_COMMAND} by hand", group=CHECK_COMMAND, func=BY_HAND)
    job.started, job.stopped, job.success, job.result = began_at, timezone.now(), False, why
    readable(job.save)


def _first_line(result: object) -> str:
    """Return what went wrong, without the traceback that the worker keeps below it."""
    return str(result).split(" : Traceback")[0].strip().split("\n")[0][:300]


# --- What happened ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """From one moment to another, both included."""

    first: datetime
    last: datetime

    def entries(self) -> QuerySet[ActivityLog]:
        return self.within(ActivityLog.objects.all())

    def within(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.filter(created_at__gte=self.first, created_at__lte=self.last)


def last_day(now: datetime) -> Window:
    """The same 24 hours as crm.stats counts, which leave their first moment out."""
    return Window(now - LATELY + timedelta(microseconds=1), now)


def counted_by(entries: QuerySet[ActivityLog], first: str, second: str) -> dict[str, dict]:
    """Return `{value of first: {value of second: entries}}`."""
    table: dict[str, dict[str, int]] = {}
    for row, column, count in (
        entries.order_by(first, second).values_list(first, second).annotate(Count("pk"))
    ):
        table.setdefault(row, {})[column] = count
    return table


def drift_since(now: datetime) -> datetime:
    """Drift is told from the beginning of a London day, as the lists behind it are cut."""
    return start_of_day(day_of(now) - timedelta(days=DRIFT_DAYS))


def drift(since: datetime) -> QuerySet[ActivityLog]:
    """Return what repairs wrote: one entry for each record that had drifted."""
    return ActivityLog.objects.filter(created_at__gte=since).exclude(cause="")


def newest_of_each_cause(since: datetime) -> list[ActivityLog]:
    newest = drift(since).order_by().values("cause").annotate(newest=Max("pk"))
    return list(ActivityLog.objects.filter(pk__in=newest.values("newest")))
