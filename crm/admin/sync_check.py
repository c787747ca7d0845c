from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, label, link_to, moment
from accounts.admin_filters import ChoiceFilter, DayRangeFilter
from crm.admin.filters import CreatedFilter, WindowFilter, write_window
from crm.admin.sync_health import plain_rows
from crm.admin.sync_pages import SyncPages
from crm.dashboard import readable
from crm.home import list_url
from crm.models import ActivityLog, BulkWrite, SyncCheck
from crm.proof.verdict import found, mended, record_count, seconds
from crm.templatetags.crm_admin import bulk_write


class ResultFilter(ChoiceFilter):
    title = "result"
    parameter_name = "result"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("equal", "All equal"), ("differs", "Something differed")]

    def narrow(self, rows: QuerySet[SyncCheck], value: str) -> QuerySet[SyncCheck]:
        return rows.filter(differences=0) if value == "equal" else rows.exclude(differences=0)


class CheckedFilter(DayRangeFilter):
    title = "day"
    field = "started_at"


@admin.register(SyncCheck)
class SyncCheckAdmin(SyncPages, ReadOnlyAdmin):
    """Proofs, one for each check that was run."""

    list_display = ("when", "result", "records", "found_of_it", "repaired_of_it", "took")
    list_filter = (ResultFilter, CheckedFilter)
    ordering = ("-started_at", "-id")
    fields = ("when", "result", "counts", "found_of_it", "repaired_of_it", "written", "took")
    row_name = "check"
    rows_name = "checks"
    empty_title = "Nothing has been checked yet"
    empty_text = "The worker compares every record with its source each quarter of an hour."

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return self.fields

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List them, or say that even this list is broken."""
        if readable(SyncCheck.objects.exists) is None:
            return self.page(request, "admin/crm/cannot_be_read.html", {"title": "Sync checks"})
        return super().changelist_view(request, extra_context)

    @display(description="When", ordering="started_at")
    def when(self, check: SyncCheck) -> str:
        return moment(check.started_at)

    @display(description="Result", ordering="differences")
    def result(self, check: SyncCheck) -> SafeString:
        if check.differences:
            return label(f"{check.differences:,} differed", "past_due")
        return label("All equal", "live")

    @display(description="Records")
    def records(self, check: SyncCheck) -> str:
        return f"{record_count(check):,}"

    @display(description="Found", ordering="found")
    def found_of_it(self, check: SyncCheck) -> str:
        return f"{found(check):,}"

    @display(description="Repaired")
    def repaired_of_it(self, check: SyncCheck) -> str:
        return f"{mended(check):,}"

    @display(description="Took", ordering="seconds")
    def took(self, check: SyncCheck) -> str:
        return seconds(check.seconds)

    @display(description="In the log")
    def written(self, check: SyncCheck) -> SafeString | str:
        """All that a check repairs is logged with the time of the check."""
        if not mended(check):
            return NOTHING
        window = write_window(check.started_at, check.started_at)
        return link_to(list_url(ActivityLog, window=window), "See what was written")

    @display(description="Counts")
    def counts(self, check: SyncCheck) -> str:
        return render_to_string("admin/crm/sync_health/counts.html", {"rows": plain_rows(check)})


@admin.register(BulkWrite)
class BulkWriteAdmin(ReadOnlyAdmin):
    """Writes to sources that send no signal: who wrote past the mirror."""

    list_display = ("written", "who", "origin", "when")
    list_filter = (CreatedFilter, WindowFilter)
    search_fields = ("model", "actor")
    search_help_text = "Table, or who did it"
    ordering = ("-created_at", "-id")
    fields = ("model", "method", "columns", "rows", "actor", "origin", "when")
    readonly_fields = ("when",)
    empty_title = "Nobody has written past the mirror"
    empty_text = "Bulk writes to sources send no signal. They are noted here; the check mends them."

    @display(description="Written")
    def written(self, write: BulkWrite) -> str:
        return bulk_write(write)

    @display(description="Who", ordering="actor")
    def who(self, write: BulkWrite) -> str:
        return write.actor

    @display(description="When", ordering="created_at")
    def when(self, write: BulkWrite) -> str:
        return moment(write.created_at)
