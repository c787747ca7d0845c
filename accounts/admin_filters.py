"""Filters of the admin's lists. They take what they offer: any other value filters nothing."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList as BaseChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.contrib.filters.forms import RangeDateForm
from unfold.views import ChangeList

from accounts.london import start_of_day
from accounts.models import Owner


class KnownFiltersChangeList(ChangeList):
    """Hands on only the parameters of its own filters.

    A lookup typed into the address (`?email__regex=(`) would otherwise reach the database as it is.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # Otherwise the heading offers to "show all" of a list that is shown in full.
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        asked = super().get_filters_params(params)
        known = {name for one in self.list_filter for name in one.parameters()}
        return {name: values for name, values in asked.items() if name in known}


class ChoiceFilter(DropdownFilter):
    """A drop-down over `options()`; `narrow()` says what a choice means."""

    field = ""

    @classmethod
    def parameters(cls) -> list[str]:
        return [cls.parameter_name]

    def options(self, request: HttpRequest) -> Iterable[tuple[str, Any]]:
        raise NotImplementedError

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.filter(**{self.field: value})

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return list(self.options(request))

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in {value for value, _ in self.lookup_choices}:
            return self.narrow(queryset, self.value())
        return queryset


class YesNoFilter(ChoiceFilter):
    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.filter(**{self.field: value == "yes"})


class OwnerFilter(ChoiceFilter):
    """Whose rows to show. It appears when another page links here with an owner."""

    title = "owner"
    parameter_name = field = "owner"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            return []
        owner = Owner.objects.filter(pk=asked).select_related("user").first()
        return [(asked, str(owner))] if owner else []


class DayRangeFilter(admin.ListFilter):
    """From one London day to another, both included, over a column of moments."""

    template = "unfold/filters/filters_date_range.html"
    form_class = RangeDateForm
    field = "created_at"
    title = "date"

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Model],
        model_admin: ModelAdmin,
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.parameters():
            self.used_parameters[name] = params.pop(name, [""])[-1]

    @classmethod
    def parameters(cls) -> list[str]:
        return [f"{cls.field}_from", f"{cls.field}_to"]

    def expected_parameters(self) -> list[str]:
        return self.parameters()

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        first, last = (_day(self.used_parameters[name]) for name in self.parameters())
        if first:
            queryset = queryset.filter(**{f"{self.field}__gte": start_of_day(first)})
        if last:
            following = start_of_day(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field}__lt": following})
        return queryset

    def choices(self, changelist: BaseChangeList) -> Iterator[dict[str, Any]]:
        yield {"form": self.form_class(name=self.field, data=self.used_parameters)}


def _day(text: str) -> date | None:
    """Read a day as the language writes it, or as 2026-08-31; None if it is neither."""
    try:
        day = forms.DateField(required=False).clean(text)
    except ValidationError:
        return None
    # Time zones cannot be applied at the calendar's very ends.
    return day if day and date.min.year < day.year < date.max.year else None
