from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, admin_url, label, lines, link_to, moment, two_lines
from accounts.admin_filters import KnownFiltersChangeList
from crm.admin.failed_sources import describe
from crm.admin.filters import CreatedFilter, EntityFilter, FailureStateFilter
from crm.dashboard import open_failures
from crm.models import SyncFailure
from crm.reasons import halves
from crm.retrying import retry

A_PAGES_SECONDS = 5


BY = {"system:crm_retry": "the next try", "system:crm_check": "the check and repair"}


class FailureChangeList(KnownFiltersChangeList):
    """Finds out what the rows of a page are about, all at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        about = describe(request, self.result_list)
        for failure in self.result_list:
            failure.about = about[failure.pk]


@admin.register(SyncFailure)
class SyncFailureAdmin(ReadOnlyAdmin):
    """What could not be written to the CRM. The worker tries again by itself, staff at once."""

    actions = ("try_again",)
    change_form_outer_before_template = "admin/crm/syncfailure/try_again.html"
    list_before_template = "admin/crm/syncfailure/try_all.html"
    list_display = ("what", "why", "state", "tries")
    list_filter = (FailureStateFilter, EntityFilter, CreatedFilter)
    search_fields = ("source_key", "message")
    search_help_text = "Message, or source as in properties:17"
    ordering = ("-created_at", "-id")
    fields = (
        "record",
        "source",
        "reason",
        "said",
        "state",
        "attempts",
        "first_seen",
        "last_tried",
        "next_try",
        "resolved",
    )
    readonly_fields = (
        "record",
        "source",
        "reason",
        "said",
        "state",
        "first_seen",
        "last_tried",
        "next_try",
        "resolved",
    )
    empty_title = "Nothing has failed"
    empty_text = "When a record cannot be brought up to date, it is listed here until it is."

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_try_all = self.has_try_again_permission(request) and open_failures().exists()
        context = {**(extra_context or {}), "may_try_all": may_try_all}
        return super().changelist_view(request, context)

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

    # --- What it is about -------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FailureChangeList]:
        return FailureChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SyncFailure | None:
        failure = super().get_object(request, object_id, from_field)
        if failure is not None:
            failure.about = describe(request, [failure])[failure.pk]
        return failure

    @display(description="What")
    def what(self, failure: SyncFailure) -> SafeString:
        return two_lines(failure.about.called, capfirst(failure.about.source))

    @display(description="Why")
    def why(self, failure: SyncFailure) -> SafeString:
        reason, said = halves(failure.message)
        return two_lines(reason, Truncator(said).chars(90))

    @display(description="Record")
    def record(self, failure: SyncFailure) -> SafeString | str:
        about = failure.about
        return link_to(about.record_url, about.called) if about.record_url else about.called

    @display(description="Source")
    def source(self, failure: SyncFailure) -> SafeString | str:
        about, text = failure.about, capfirst(failure.about.source)
        return link_to(about.source_url, text) if about.source_url else text

    @display(description="Why")
    def reason(self, failure: SyncFailure) -> str:
        return halves(failure.message)[0]

    @display(description="The database said")
    def said(self, failure: SyncFailure) -> SafeString | str:
        return lines(halves(failure.message)[1])

    # --- When -------------------------------------------------------------------------------------

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
    def tries(self, failure: SyncFailure) -> SafeString:
        times = "once" if failure.attempts == 1 else f"{failure.attempts} times"
        return two_lines(moment(failure.next_retry_at), f"tried {times}")

    @display(description="Next try")
    def next_try(self, failure: SyncFailure) -> str:
        return moment(failure.next_retry_at)

    @display(description="Resolved")
    def resolved(self, failure: SyncFailure) -> str:
        if failure.resolved_at is None:
            return NOTHING
        by = BY.get(failure.resolved_by, failure.resolved_by)
        return f"{moment(failure.resolved_at)}, by {by}"


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
