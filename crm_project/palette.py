"""What the command palette (Ctrl K) finds: pages by their title, records by their own search."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

from accounts.admin_columns import admin_url
from accounts.models import User
from crm.dashboard import readable
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


class Choices(AutocompleteJsonView):
    """The options of a field that refers to a row: enough to tell two people of one name apart."""

    def process_request(self, request: HttpRequest) -> tuple[Any, ...]:
        term, *rest = super().process_request(request)
        return term.replace("\x00", ""), *rest  # PostgreSQL refuses it

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        text = " · ".join(part for part in (str(obj), _detail(obj)) if part)
        return {"id": str(getattr(obj, to_field_name)), "text": text}


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
        rows = readable(partial(_found, model_admin, request, term))
        if rows is None:
            yield _broken(model)
        for row in rows or ():
            yield SearchResult(
                title=str(row),
                description=f"{model._meta.verbose_name}, {_detail(row)}",
                link=admin_url(row),
                icon=icon,
            )


def _found(model_admin: ModelAdmin, request: HttpRequest, term: str) -> list[Model]:
    rows, _ = model_admin.get_search_results(request, model_admin.get_queryset(request), term)
    return list(rows[:FOUND_OF_EACH])


def _broken(model: type[Model]) -> SearchResult:
    return SearchResult(
        title=f"{capfirst(model._meta.verbose_name_plural)} cannot be read",
        description="Tell whoever looks after the server: the log says why.",
        link=reverse("admin:index"),
        icon="error",
    )


def _detail(row: Any) -> str:
    match row:
        case Contact() | User():
            return row.email
        case PropertyRecord():
            return row.location
        case EnquiryRecord():
            return row.guest_email
        case MembershipRecord():
            return str(row.contact or row.stripe_subscription_id)
    return ""
