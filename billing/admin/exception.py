from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.admin_base import ReadOnlyAdmin, safe_next
from accounts.admin_columns import NOTHING, admin_url, day, label, lines, link_to, moment
from accounts.admin_filters import ChoiceFilter
from accounts.london import day_of
from accounts.text_input import PlainTextMixin
from accounts.transitions import TransitionNotAllowed
from billing import exception_grants
from billing.models import ListingException
from listings.models import Property


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("running", "Running"), ("over", "Over")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        running = rows.running(day_of(timezone.now()))
        return running if value == "running" else rows.exclude(pk__in=running)


class ExceptionForm(PlainTextMixin, forms.ModelForm):
    house = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="The last part of its page’s address on the site, such as fern-hall.",
    )

    class Meta:
        model = ListingException
        fields = ("tier", "until", "reason")
        widgets = {"reason": UnfoldAdminTextareaWidget(attrs={"rows": 4})}
        help_texts = {
            "until": "It is listed to the end of this day; then the exception ends by itself.",
            "reason": "Staff read it later, in the activity log and on the page of the house.",
        }

    def clean_house(self) -> Property:
        slug = self.cleaned_data["house"].strip("/ ").rpartition("/")[2]
        house = Property.objects.filter(slug=slug).first()
        if house is None:
            raise forms.ValidationError("There is no house at this address.")
        return house

    def clean(self) -> dict[str, Any]:
        asked = super().clean()
        if {"house", "until", "reason"} <= asked.keys():
            refusal = exception_grants.refusal(
                asked["house"], asked["until"], asked["reason"], today=day_of(timezone.now())
            )
            if refusal:
                raise forms.ValidationError(refusal)
        return asked


@admin.register(ListingException)
class ListingExceptionAdmin(ReadOnlyAdmin):
    """Houses that are listed without a membership. Granted and ended here, never edited."""

    row_name, rows_name = "exception", "exceptions"
    related = ("property", "tier")
    list_display = ("house", "state", "listed_as", "last_day", "why", "by", "granted")
    list_filter = (StateFilter,)
    search_fields = ("property__title", "reason", "granted_by")
    search_help_text = "House, reason, or who granted it"
    ordering = ("-granted_at", "-pk")
    change_form_outer_before_template = "admin/billing/listingexception/end.html"
    empty_title = "No exceptions"
    empty_text = "Let a house be listed without a membership for a while, from the house’s page."

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> type:
        return super().get_form(request, obj, **kwargs | ({} if obj else {"form": ExceptionForm}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("house", "tier", "until", "reason")
        return ("house", "state", "listed_as", "last_day", "why", "by", "granted", "ended")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj) if obj else ()

    # --- Granting and ending ----------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.add_listingexception")

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_listingexception")

    def save_model(
        self, request: HttpRequest, obj: ListingException, form: ExceptionForm, change: bool
    ) -> None:
        granted = exception_grants.grant(
            form.cleaned_data["house"],
            tier=obj.tier,
            until=obj.until,
            reason=obj.reason,
            by=request.user.email,
            now=timezone.now(),
        )
        obj.pk = granted.pk
        obj.refresh_from_db()

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().add_view(request, *args, **kwargs)
        except exception_grants.ExceptionRefused as refusal:  # somebody was quicker
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.end_view))
        return [
            path("<path:object_id>/end/", view, name="billing_listingexception_end"),
            *super().get_urls(),
        ]

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_end_permission(request):
            raise PermissionDenied
        exception = self.get_object(request, unquote(object_id))
        if exception is None:
            raise Http404
        try:
            exception_grants.end(exception, by=request.user.email, now=timezone.now())
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"The exception for {exception.property} has ended.")
        return HttpResponseRedirect(safe_next(request) or admin_url(exception))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        exception = kwargs.get("obj")
        is_open = exception is not None and exception.ended_at is None
        context["may_end"] = is_open and self.has_end_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="House", ordering="property__title")
    def house(self, exception: ListingException) -> SafeString:
        return link_to(exception.property.get_absolute_url(), exception.property)

    @display(description="State")
    def state(self, exception: ListingException) -> SafeString:
        running = exception.ended_at is None and exception.until >= day_of(timezone.now())
        return label("Running", "live") if running else label("Over")

    @display(description="Listed as", ordering="tier__rank")
    def listed_as(self, exception: ListingException) -> str:
        return exception.tier.name

    @display(description="Last day", ordering="until")
    def last_day(self, exception: ListingException) -> str:
        return day(exception.until)

    @display(description="Reason")
    def why(self, exception: ListingException) -> SafeString | str:
        return lines(exception.reason)

    @display(description="Granted by", ordering="granted_by")
    def by(self, exception: ListingException) -> str:
        return exception.granted_by

    @display(description="Granted", ordering="granted_at")
    def granted(self, exception: ListingException) -> str:
        return moment(exception.granted_at)

    @display(description="Ended")
    def ended(self, exception: ListingException) -> str:
        if exception.ended_at is None:
            return NOTHING
        return f"{moment(exception.ended_at)}, by {exception.ended_by}"
