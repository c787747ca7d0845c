from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, day, moment, money, status_label, two_lines
from crm.admin.filters import (
    ActivityTypeFilter,
    CreatedFilter,
    EntityFilter,
    StoryFilter,
    WindowFilter,
)
from crm.models import (
    ActivityLog,
    Contact,
    EnquiryRecord,
    Entity,
    MembershipRecord,
    PropertyRecord,
)

RECORDS = {
    Entity.CONTACTS: Contact,
    Entity.PROPERTIES: PropertyRecord,
    Entity.ENQUIRIES: EnquiryRecord,
    Entity.MEMBERSHIPS: MembershipRecord,
}
LONGEST_VALUE = 300


@admin.register(ActivityLog)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("happened", "what", "who", "origin", "when")
    list_filter = (ActivityTypeFilter, EntityFilter, CreatedFilter, StoryFilter, WindowFilter)
    search_fields = ("title", "actor")
    search_help_text = "Title, or who did it"
    ordering = ("-created_at", "-id")
    fields = (
        "title",
        "what",
        "description",
        "changes_table",
        "who",
        "origin",
        "when",
        "record_link",
    )
    row_name = "change"
    rows_name = "changes"
    empty_title = "Nothing has happened yet"
    empty_text = "Every change to a contact, house, enquiry or membership is written down here."

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return self.fields

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Happened", ordering="title")
    def happened(self, activity: ActivityLog) -> SafeString:
        return two_lines(activity.title, activity.description)

    @display(description="What", ordering="activity_type")
    def what(self, activity: ActivityLog) -> SafeString:
        return status_label(activity, "activity_type")

    @display(description="Who", ordering="actor")
    def who(self, activity: ActivityLog) -> str:
        return activity.actor

    @display(description="When", ordering="created_at")
    def when(self, activity: ActivityLog) -> str:
        return moment(activity.created_at)

    @display(description="Before and after")
    def changes_table(self, activity: ActivityLog) -> SafeString | str:
        rows = readable_changes(activity)
        return render_to_string("admin/crm/changes.html", {"rows": rows}) if rows else NOTHING

    @display(description="Record")
    def record_link(self, activity: ActivityLog) -> SafeString:
        return format_html('<a class="gh-link" href="{}">Open the record</a>', record_url(activity))


def record_url(activity: ActivityLog) -> str:
    model = RECORDS[Entity(activity.entity_type)]
    return reverse(f"admin:crm_{model._meta.model_name}_change", args=[activity.entity_id])


def readable_changes(activity: ActivityLog) -> list[dict[str, str]]:
    """Return the changed columns in words; history may name columns that no longer exist."""
    model = RECORDS[Entity(activity.entity_type)]
    fields = {field.name: field for field in model._meta.get_fields() if isinstance(field, Field)}
    changes = activity.changes if isinstance(activity.changes, dict) else {}
    return [
        {
            "column": _column(name, fields.get(name)),
            "before": _value(before, fields.get(name)),
            "after": _value(after, fields.get(name)),
        }
        for name, (before, after) in _pairs(changes)
    ]


def _pairs(changes: dict[str, Any]) -> Iterator[tuple[str, tuple[object, object]]]:
    """Pair before with after; a lone value, which no writer of ours leaves, counts as after."""
    for name, change in changes.items():
        is_pair = isinstance(change, list) and len(change) == 2
        yield name, tuple(change) if is_pair else (None, change)


def _column(name: str, field: Field | None) -> str:
    words = str(field.verbose_name) if field else name.replace("_", " ")
    return words.replace(" (pence)", "").capitalize()


def _value(value: object, field: Field | None) -> str:
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if field and field.name.endswith("_pence") and isinstance(value, int):
        return money(value)
    if field and field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    return Truncator(_written_moment(value)).chars(LONGEST_VALUE)


def _written_moment(value: object) -> str:
    """Show the days and moments that JSON holds as text in London's way, and the rest as it is."""
    text = str(value)
    try:
        if found := parse_datetime(text):
            return moment(found) if found.tzinfo else day(found.date())
        found_day = parse_date(text)
    except ValueError:  # shaped like a date, and none: the 99th of March
        return text
    return day(found_day) if found_day else text
