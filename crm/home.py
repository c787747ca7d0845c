"""The admin's home page: the working day first, then the figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.london import LONDON, day_of
from billing.models import Episode, IncomingEvent, SubscriptionProblem
from crm import dashboard
from crm.models import (
    Contact,
    EnquiryRecord,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from crm.proof.evidence import gather
from crm.proof.verdict import judge

SHOWN = 5  # rows of each queue; the rest stand behind its count


@dataclass(frozen=True)
class Queue:
    """Rows that wait for somebody, oldest first, and the list that holds all of them."""

    name: str
    title: str
    nothing: str
    model: type[Model]
    rows: Callable[[], QuerySet[Any]]
    filters: dict[str, str]

    @property
    def url(self) -> str:
        return list_url(self.model, **self.filters)

    @property
    def row_template(self) -> str:
        return f"admin/crm/queue/{self.name}.html"


QUEUES = (
    Queue(
        "listings",
        "Listings to approve",
        "No listing waits for approval.",
        PropertyRecord,
        lambda: (
            dashboard.listings_to_approve()
            .select_related("owner", "property")
            .order_by("property__submitted_at", "pk")
        ),
        {"status": "pending_approval", "standing": "yes"},
    ),
    Queue(
        "enquiries",
        "Enquiries to answer",
        "Every enquiry has been answered.",
        EnquiryRecord,
        lambda: (
            dashboard.enquiries_to_answer()
            .select_related("property", "contact")
            .order_by("created_at", "pk")
        ),
        {"status": "unanswered"},
    ),
    Queue(
        "held_back",
        "Held-back enquiries",
        "No enquiry is held back from its owner.",
        EnquiryRecord,
        lambda: (
            dashboard.enquiries_to_release()
            .select_related("property", "enquiry")
            .order_by("created_at", "pk")
        ),
        {"held_back": "yes", "status": "new", "standing": "yes"},
    ),
    Queue(
        "payments",
        "Payments failing",
        "No payment is failing.",
        Episode,
        lambda: (
            dashboard.payments_owed()
            .select_related("membership__owner__user__crm_record", "membership__property")
            .order_by("first_failed_at", "pk")
        ),
        {},
    ),
    Queue(
        "subscriptions",
        "Subscription problems",
        "Every subscription could be read.",
        SubscriptionProblem,
        lambda: dashboard.unreadable_subscriptions().with_owner().order_by("first_seen_at", "pk"),
        {"state": "open"},
    ),
    Queue(
        "events",
        "Stripe events given up",
        "Every event of Stripe could be processed, or is still being tried.",
        IncomingEvent,
        lambda: dashboard.parked_events().order_by("received_at", "pk"),
        {"state": "parked"},
    ),
    Queue(
        "failures",
        "Sync failures",
        "Every record could be brought up to date.",
        SyncFailure,
        lambda: dashboard.open_failures().order_by("created_at", "pk"),
        {"state": "open"},
    ),
)


def queue_counts(request: HttpRequest) -> dict[str, int | None]:
    """Count each queue once a request: the sidebar and the home page both ask."""
    if not hasattr(request, "queue_counts"):
        request.queue_counts = dashboard.queue_counts()
    return request.queue_counts


def home(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Return what this person may see of the working day."""
    queues = [queue for queue in QUEUES if may(request, "view", queue.model)]
    counted = queue_counts(request) if queues else {}
    entries = [_entry(request, queue, counted[queue.name]) for queue in queues]
    return {
        "greeting": greeting(now),
        "today": day_of(now),
        "queues": entries,
        "broken": any(entry["is_broken"] for entry in entries),
        "waiting": sum(counted[queue.name] or 0 for queue in queues),
        "tiles": _tiles(request, now) if queues else [],
        "proof": judge(gather()[0], now=now) if may(request, "view", SyncCheck) else None,
        "is_new": dashboard.readable(Contact.objects.exists) is False,
    }


def _entry(request: HttpRequest, queue: Queue, count: int | None) -> dict[str, object]:
    rows = dashboard.readable(lambda: list(queue.rows()[:SHOWN])) if count else []
    return {
        "queue": queue,
        "count": count,
        "rows": rows,
        "is_broken": count is None or rows is None,
        "may_decide": may(request, "change", queue.model),
    }


def greeting(now: datetime) -> str:
    hour = now.astimezone(LONDON).hour
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"


def may(request: HttpRequest, verb: str, model: type[Model]) -> bool:
    return request.user.has_perm(f"{model._meta.app_label}.{verb}_{model._meta.model_name}")


def list_url(model: type[Model], **filters: str) -> str:
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(filters)}" if filters else path


def _tiles(request: HttpRequest, now: datetime) -> list[dict[str, object]]:
    figures = dashboard.figures(now)
    this_month = day_of(now).replace(day=1).isoformat()
    tiles = [
        ("Contacts", "contacts", Contact, {"standing": "yes"}),
        ("Live houses", "houses", PropertyRecord, {"status": "live", "standing": "yes"}),
        (
            "Enquiries this month",
            "enquiries",
            EnquiryRecord,
            {"created_at_from": this_month, "standing": "yes"},
        ),
    ]
    return [
        {"title": title, "count": figures[name], "url": list_url(model, **filters)}
        for title, name, model, filters in tiles
        if may(request, "view", model)
    ]
