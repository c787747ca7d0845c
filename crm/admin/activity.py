from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import (
    NOTHING,
    admin_url,
    label,
    link_to,
    moment,
    status_label,
    two_lines,
)
from crm.admin.activity_filters import (
    RECORDS,
    ActorFilter,
    CauseFilter,
    DetailFilter,
    RecordFilter,
    RunFilter,
)
from crm.admin.activity_pages import ActivityChangeList
from crm.admin.before_after import readable_changes
from crm.admin.filters import (
    ActivityTypeFilter,
    CreatedFilter,
    EntityFilter,
    StoryFilter,
    WindowFilter,
)
from crm.home import list_url
from crm.models import ActivityLog, ActivityType, Entity

DONE = {
    ActivityType.CREATED: "created",
    ActivityType.UPDATED: "updated",
    ActivityType.STATUS_CHANGED: "with a new status",
    ActivityType.DELETED: "deleted",
    ActivityType.MERGED: "joined",
}


@admin.register(ActivityLog)
class ActivityAdmin(ReadOnlyAdmin):
    change_list_template = "admin/crm/activitylog/change_list.html"
    list_before_template = "admin/crm/activitylog/said.html"
    list_display = ("happened", "what", "who", "when")
    list_display_links = None  # a line may stand for many changes; it says itself where it leads
    list_filter = (
        ActorFilter,
        ActivityTypeFilter,
        EntityFilter,
        CreatedFilter,
        CauseFilter,
        DetailFilter,
        RecordFilter,
        StoryFilter,
        RunFilter,
        WindowFilter,
    )
    search_fields = ("title", "actor")
    search_help_text = "Name of a record, or who did it"
    ordering = ("-created_at", "-id")
    sortable_by = ()
    fields = ("what", "description", "changes_table", "who", "when", "record", "more")
    row_name = "change"
    rows_name = "changes"
    empty_title = "Nothing has happened yet"
    empty_text = "Every change to a contact, house, enquiry or membership is written down here."

    class Media:
        css = {"all": ["crm/activity.css"]}

    def get_object(self, *args: Any, **kwargs: Any) -> ActivityLog | None:
        """Look up what the entry refers to, once: django-unfold asks for each field repeatedly."""
        entry = super().get_object(*args, **kwargs)
        if entry is not None:
            records = RECORDS[Entity(entry.entity_type)].objects
            entry.about = records.filter(pk=entry.entity_id).first()
            entry.told = readable_changes(entry)
        return entry

    def get_fields(self, request: HttpRequest, obj: ActivityLog | None = None) -> list[str]:
        return [name for name in self.fields if name != "description" or (obj and obj.description)]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ActivityLog | None = None
    ) -> list[str]:
        return self.get_fields(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_history"] = False  # this is the history
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ActivityChangeList]:
        return ActivityChangeList

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Happened")
    def happened(self, entry: ActivityLog) -> SafeString:
        if entry.line.is_run:
            number = f"{'More than ' if entry.line.is_more else ''}{entry.line.count:,}"
            text = f"{number} {entry.entity_type} {DONE[entry.activity_type]}"
            return two_lines(link_to(entry.url, text), "One run, folded. Open it to see each.")
        return two_lines(link_to(entry.url, entry.title), entry.description)

    @display(description="What")
    def what(self, entry: ActivityLog) -> SafeString:
        kind = status_label(entry, "activity_type")
        if not entry.cause:
            return kind
        return format_html("{} {}", kind, label(f"Mended: {entry.get_cause_display().lower()}"))

    @display(description="Who")
    def who(self, entry: ActivityLog) -> SafeString:
        return two_lines(entry.actor, entry.origin)

    @display(description="When")
    def when(self, entry: ActivityLog) -> str:
        line = getattr(entry, "line", None)
        if line is None or not line.is_run:
            return moment(entry.created_at)
        first, last = moment(line.oldest.created_at), moment(line.newest.created_at)
        return last if first == last else f"{first} to {last.rpartition(' ')[2]}"

    # --- An entry's own page ----------------------------------------------------------------------

    @display(description="Before and after")
    def changes_table(self, entry: ActivityLog) -> SafeString | str:
        if not entry.told.columns:
            return NOTHING
        return render_to_string("admin/crm/changes.html", {"changes": entry.told})

    @display(description="Record")
    def record(self, entry: ActivityLog) -> SafeString | str:
        if entry.about is None:
            return "No longer there. This entry and the others about it stay."
        return link_to(admin_url(entry.about), entry.about)

    @display(description="See also")
    def more(self, entry: ActivityLog) -> SafeString:
        of_record = list_url(ActivityLog, record=str(entry.entity_id))
        by_actor = list_url(ActivityLog, actor=entry.actor)
        return format_html(
            "{}<br>{}",
            link_to(of_record, "All changes of this record"),
            link_to(by_actor, f"All changes by {entry.actor}"),
        )
