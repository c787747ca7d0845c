"""What the pages of all records share: mirrored columns are read, staff's own are written."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.admin_base import DeskAdmin
from accounts.admin_columns import NOTHING, label, moment
from crm.home import list_url, may
from crm.mirror import history
from crm.models import ActivityLog, ActivityType, Entity
from crm.models.base import Record

STAFF_COLUMNS = ("assigned_to", "tags", "notes")
LONGEST_TAG = 40
MOST_TAGS = 20


class TagsField(forms.CharField):
    """A list of lower-case words, typed with commas between them."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"strip": True})

    def prepare_value(self, value: object) -> object:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: object) -> list[str]:
        words = (" ".join(word.lower().split()) for word in super().to_python(value).split(","))
        tags = list(dict.fromkeys(word for word in words if word))
        if len(tags) > MOST_TAGS:
            raise ValidationError(f"Keep it to {MOST_TAGS} tags.")
        if too_long := [tag for tag in tags if len(tag) > LONGEST_TAG]:
            raise ValidationError(f"“{too_long[0]}” is too long for a tag.")
        return tags

    def run_validators(self, value: list[str]) -> None:
        for tag in value:
            super().run_validators(tag)

    def has_changed(self, initial: object, data: object) -> bool:
        return (initial or []) != self.to_python(data)


class RecordForm(forms.ModelForm):
    tags = TagsField(required=False, help_text="Put a comma between tags.")

    class Meta:
        widgets = {"notes": UnfoldAdminTextareaWidget(attrs={"rows": 5})}


class RecordAdmin(DeskAdmin):
    """A row of the mirror. Nobody adds or deletes one by hand: that happens at the source."""

    form = RecordForm
    autocomplete_fields = ("assigned_to",)
    entity: ClassVar[Entity]
    staff_columns: ClassVar[tuple[str, ...]] = STAFF_COLUMNS

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        shown = [name for _, options in self.fieldsets for name in options["fields"]]
        return [name for name in shown if name not in self.staff_columns]

    def save_model(
        self, request: HttpRequest, obj: Record, form: forms.ModelForm, change: bool
    ) -> None:
        """Write only what was edited: a sync may have written the other columns meanwhile."""
        if form.changed_data:
            obj.save(update_fields=form.changed_data)
            log_edit(self.entity, obj, form)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to all that was ever written about the record, by whomever, gone or not."""
        if not may(request, "view", ActivityLog):
            return super().history_view(request, object_id, extra_context)
        return HttpResponseRedirect(list_url(ActivityLog, record=unquote(object_id)))

    @display(description="Tags")
    def tag_labels(self, record: Record) -> SafeString | str:
        tags = record.tags if isinstance(record.tags, list) else []
        return format_html_join(" ", "{}", ((label(tag),) for tag in tags)) or NOTHING

    @display(description="Still on the site")
    def standing(self, record: Record) -> SafeString | str:
        if record.source_deleted_at is None:
            return "Yes"
        return label(f"Deleted there {moment(record.source_deleted_at)}", "deleted")


def log(
    entity: Entity, record: Record, activity_type: ActivityType, title: str, **fields: Any
) -> None:
    entry = history.entry(entity, record.pk, activity_type, title, timezone.now(), **fields)
    entry.save()


def log_edit(entity: Entity, record: Record, form: forms.ModelForm) -> None:
    """Leave in the activity log what staff changed, from what to what."""
    changes = {name: [form.initial.get(name), _after(record, name)] for name in form.changed_data}
    names = [str(record._meta.get_field(name).verbose_name) for name in form.changed_data]
    log(
        entity,
        record,
        ActivityType.UPDATED,
        f"{entity.label} edited: {record}",
        description=f"Changed {', '.join(names)}.",
        changes=changes,
    )


def _after(record: Record, name: str) -> object:
    return getattr(record, record._meta.get_field(name).attname)


def name_with_tombstone(record: Record) -> SafeString | str:
    if record.source_deleted_at is None:
        return str(record)
    return format_html("{} {}", record, label("Deleted", "deleted"))
