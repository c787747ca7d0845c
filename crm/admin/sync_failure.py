from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import label, moment, two_lines
from crm.admin.filters import CreatedFilter, EntityFilter, FailureStateFilter
from crm.dashboard import readable
from crm.models import SyncFailure


@admin.register(SyncFailure)
class SyncFailureAdmin(ReadOnlyAdmin):
    list_display = ("what", "state", "attempts", "first_seen", "last_tried", "next_try")
    list_filter = (FailureStateFilter, EntityFilter, CreatedFilter)
    search_fields = ("source_key", "message")
    search_help_text = "Source key or message"
    ordering = ("-created_at", "-id")
    fields = (
        "entity_type",
        "source_key",
        "state",
        "message",
        "attempts",
        "first_seen",
        "last_tried",
        "next_try",
        "resolved",
        "resolved_by",
    )
    readonly_fields = ("state", "first_seen", "last_tried", "next_try", "resolved")
    empty_title = "Nothing has failed"
    empty_text = "When a record cannot be brought up to date, it is listed here until it is."

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List them, or say that even this list is broken."""
        if readable(SyncFailure.objects.exists) is not None:
            return super().changelist_view(request, extra_context)
        context = {**self.admin_site.each_context(request), "title": "Sync failures"}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/crm/cannot_be_read.html", context)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="What")
    def what(self, failure: SyncFailure) -> SafeString:
        return two_lines(failure, Truncator(failure.message).chars(90))

    @display(description="State", ordering="resolved_at")
    def state(self, failure: SyncFailure) -> SafeString:
        return label("Resolved", "live") if failure.resolved_at else label("Open", "past_due")

    @display(description="First seen", ordering="created_at")
    def first_seen(self, failure: SyncFailure) -> str:
        return moment(failure.created_at)

    @display(description="Last tried", ordering="updated_at")
    def last_tried(self, failure: SyncFailure) -> str:
        return moment(failure.updated_at)

    @display(description="Next try", ordering="next_retry_at")
    def next_try(self, failure: SyncFailure) -> str:
        return moment(failure.next_retry_at)

    @display(description="Resolved")
    def resolved(self, failure: SyncFailure) -> str:
        return moment(failure.resolved_at)
