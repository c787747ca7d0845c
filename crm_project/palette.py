"""What the command palette (Ctrl K) finds: pages by their title, records by their own search."""

import time
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from accounts.admin_columns import admin_url
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from crm_project.navigation import sidebar

SEARCHED = {
    Contact: "person",
    PropertyRecord: "cottage",
    EnquiryRecord: "mark_email_unread",
    MembershipRecord: "card_membership",
}
FOUND_OF_EACH = 5
LONGEST_TERM = 100


def find(site: AdminSite, request: HttpRequest, term: str) -> dict[str, Any]:
    """Return the context of django-unfold's list of results."""
    started = time.monotonic()
    term = term.replace("\x00", "").strip()[:LONGEST_TERM]
    results = [*_pages(request, term), *_records(site, request, term)] if term else []
    paginator = Paginator(results, max(len(results), 1))
    return {
        "page_obj": paginator,
        "results": paginator.page(1),
        "page_counter": 0,
        "execution_time": time.monotonic() - started,
        "command_show_history": False,
    }


def _pages(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    for section in sidebar(request):
        for item in section["items"]:
            if term.lower() in item["title"].lower():
                yield SearchResult(
                    title=item["title"],
                    description=section["title"],
                    link=item["link"],
                    icon=item["icon"],
                )


def _records(site: AdminSite, request: HttpRequest, term: str) -> Iterator[SearchResult]:
    for model, icon in SEARCHED.items():
        model_admin = site.get_model_admin(model)
        if not model_admin.has_view_permission(request):
            continue
        rows, _ = model_admin.get_search_results(request, model_admin.get_queryset(request), term)
        for row in rows[:FOUND_OF_EACH]:
            yield SearchResult(
                title=str(row),
                description=_about(row),
                link=admin_url(row),
                icon=icon,
            )


def _about(row: Any) -> str:
    kind = row._meta.verbose_name
    match row:
        case Contact():
            return f"{kind}, {row.email}"
        case PropertyRecord():
            return f"{kind}, {row.location}"
        case EnquiryRecord():
            return f"{kind}, {row.guest_email}"
    return f"{kind}, {row.contact or row.stripe_subscription_id}"
