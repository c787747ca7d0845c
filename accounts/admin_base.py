"""What all pages of the admin share."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin

from accounts.admin_filters import KnownFiltersChangeList


class DeskAdmin(ModelAdmin):
    list_per_page = 30  # a page stays under 300 KB
    list_max_show_all = 30
    list_filter_submit = True
    list_disable_select_all = True  # an action is taken on what was seen
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    warn_unsaved_form = True
    empty_value_display = "–"
    related: tuple[str, ...] = ()  # joined on every page, so that no row costs a query

    # One row and several, where the model's own name is that of the whole: "activity log".
    row_name = ""
    rows_name = ""

    # What an empty list says, in place of "No results".
    empty_title = "Nothing here yet"
    empty_text = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # Without a name, select_related() would join everything.
        return super().get_queryset(request).select_related(*self.related or [None])

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """Leave out the buttons that add or edit the row referred to: it has its own page."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            formfield.widget = formfield.widget.widget
        return formfield

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out of the address what is no value of its field; looking it up would fail."""
        initial = super().get_changeform_initial_data(request)
        return {name: value for name, value in initial.items() if self._is_usable(name, value)}

    def _is_usable(self, name: str, value: str | list[str]) -> bool:
        if any("\x00" in part for part in value):  # PostgreSQL refuses it
            return False
        if name in {field.name for field in self.opts.many_to_many}:
            return False  # no link of ours fills in several rows
        field = {field.name: field for field in self.opts.fields}.get(name)
        if field is None or not field.is_relation:
            return True
        try:
            field.formfield().clean(value)
        except ValidationError:
            return False
        return True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KnownFiltersChangeList]:
        return KnownFiltersChangeList


class ReadOnlyAdmin(DeskAdmin):
    """Rows that nobody adds, edits or deletes by hand, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def safe_next(request: HttpRequest) -> str:
    """Return where the person was sent from, if that is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if allowed else ""
