from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import admin_url, label, moment, two_lines
from crm.admin.filters import CreatedFilter, EntityFilter, FailureStateFilter
from crm.dashboard import open_failures, readable
from crm.models import SyncFailure
from crm.retrying import retry

A_PAGES_SECONDS = 5


@admin.register(SyncFailure)
class SyncFailureAdmin(ReadOnlyAdmin):
    """What could not be written to the CRM. The worker tries again by itself, staff at once."""

    actions = ("try_again",)
    change_form_outer_before_template = "admin/crm/syncfailure/try_again.html"
    list_before_template = "admin/crm/syncfailure/try_all.html"
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
        is_open = readable(open_failures().exists)
        if is_open is not None:
            may_try_all = is_open and self.has_try_again_permission(request)
            context = {**(extra_context or {}), "may_try_all": may_try_all}
            return super().changelist_view(request, context)
        context = {**self.admin_site.each_context(request), "title": "Sync failures"}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/crm/cannot_be_read.html", context)

    # --- Trying again -----------------------------------------------------------------------------

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crm.change_syncfailure")

    @admin.action(description="Try again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[SyncFailure]) -> None:
        _try_again(request, queryset)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        one, every = view(require_POST(self.try_view)), view(require_POST(self.try_all_view))
        return [
            path("try-all/", every, name="crm_syncfailure_try_all"),
            path("<path:object_id>/try-again/", one, name="crm_syncfailure_try_again"),
            *super().get_urls(),
        ]

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_try_again_permission(request):
            raise PermissionDenied
        failure = self.get_object(request, unquote(object_id))
        if failure is None:
            raise Http404
        _try_again(request, SyncFailure.objects.filter(pk=failure.pk))
        return HttpResponseRedirect(admin_url(failure))

    def try_all_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_try_again_permission(request):
            raise PermissionDenied
        _try_again(request, open_failures())
        return HttpResponseRedirect(reverse("admin:crm_syncfailure_changelist"))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        failure = kwargs.get("obj")
        is_open = failure is not None and failure.resolved_at is None
        context["may_try_again"] = is_open and self.has_try_again_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

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


def _try_again(request: HttpRequest, failures: QuerySet[SyncFailure]) -> None:
    """Try those that are open, as many as a page has time for, and say what came of it."""
    now = timezone.now()
    failures.filter(resolved_at=None).update(next_retry_at=now)  # the worker goes on with the rest
    tried = retry(failures, now=now, seconds=A_PAGES_SECONDS)
    if tried.settled:
        messages.success(request, f"{_counted(tried.settled)} settled.")
    if tried.failed:
        messages.error(request, f"{_counted(tried.failed)} could still not be written.")
    if tried.left:
        rest = f"{_counted(tried.left)} not tried yet. The worker goes on with the rest."
        messages.warning(request, rest)
    if not (tried.done or tried.left):
        messages.info(request, "Nothing was left to try: it is settled.")


def _counted(number: int) -> str:
    return f"{number} {'record' if number == 1 else 'records'}"
