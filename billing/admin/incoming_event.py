from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from django_q.tasks import async_task
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin, safe_next
from accounts.admin_columns import NOTHING, admin_url, label, lines, moment, two_lines
from accounts.admin_filters import ChoiceFilter
from billing import inbox
from billing.inbox.intake import WORK
from billing.models import Arrival, IncomingEvent

TONES = {Arrival.DONE: "live", Arrival.FAILED: "past_due", Arrival.PARKED: "past_due"}
LIST = "admin:billing_incomingevent_changelist"


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("troubled", "Failed or parked"), *Arrival.choices]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.troubled() if value == "troubled" else rows.filter(status=value)


@admin.register(IncomingEvent)
class IncomingEventAdmin(ReadOnlyAdmin):
    """What Stripe sent. The worker processes it, and tries again what failed; staff do at once."""

    actions = ("try_again",)
    change_form_outer_before_template = "admin/billing/incomingevent/try_again.html"
    list_before_template = "admin/billing/incomingevent/try_all.html"
    list_display = ("what", "state", "why", "received", "tries")
    list_filter = (StateFilter,)
    search_fields = ("stripe_id", "type", "stripe_customer_id", "stripe_subscription_id")
    search_help_text = "Stripe id, or type as in invoice.paid"
    ordering = ("-received_at", "-pk")
    fields = (
        *("stripe_id", "type", "stripe_customer_id", "stripe_subscription_id", "state"),
        *("reason", "said", "received", "seen", "attempts", "next_try", "done", "sent"),
    )
    readonly_fields = ("state", "reason", "said", "received", "next_try", "done", "sent")
    empty_title = "Nothing has come from Stripe yet"
    empty_text = "Each event that Stripe sends is listed here, with what became of it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncomingEvent]:
        rows = super().get_queryset(request)
        # The list shows none of what was sent, which may be half a megabyte for each.
        return rows if request.resolver_match.kwargs.get("object_id") else rows.defer("body")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_try_all = (
            self.has_try_again_permission(request) and IncomingEvent.objects.troubled().exists()
        )
        context = {**(extra_context or {}), "may_try_all": may_try_all}
        return super().changelist_view(request, context)

    # --- Trying again -----------------------------------------------------------------------------

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_incomingevent")

    @admin.action(description="Try again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[IncomingEvent]) -> None:
        _try_again(request, queryset)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        one, every = view(require_POST(self.try_view)), view(require_POST(self.try_all_view))
        return [
            path("try-all/", every, name="billing_incomingevent_try_all"),
            path("<path:object_id>/try-again/", one, name="billing_incomingevent_try_again"),
            *super().get_urls(),
        ]

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_try_again_permission(request):
            raise PermissionDenied
        event = self.get_object(request, unquote(object_id))
        if event is None:
            raise Http404
        _try_again(request, [event])
        return HttpResponseRedirect(safe_next(request) or admin_url(event))

    def try_all_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_try_again_permission(request):
            raise PermissionDenied
        _try_again(request, IncomingEvent.objects.troubled().defer("body"))
        return HttpResponseRedirect(reverse(LIST))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        event = kwargs.get("obj")
        has_failed = event is not None and event.status in (Arrival.FAILED, Arrival.PARKED)
        context["may_try_again"] = has_failed and self.has_try_again_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="What", ordering="type")
    def what(self, event: IncomingEvent) -> SafeString:
        return two_lines(event.type, event.stripe_customer_id or event.stripe_id)

    @display(description="State", ordering="status")
    def state(self, event: IncomingEvent) -> SafeString:
        return label(event.get_status_display(), TONES.get(event.status, ""))

    @display(description="Why")
    def why(self, event: IncomingEvent) -> SafeString:
        return format_html('<span class="gh-wrap">{}</span>', event.reason or NOTHING)

    @display(description="Why")
    def reason(self, event: IncomingEvent) -> str:
        return event.reason or NOTHING

    @display(description="What was said")
    def said(self, event: IncomingEvent) -> SafeString | str:
        return lines(event.error.partition("\n")[2])

    @display(description="Received", ordering="received_at")
    def received(self, event: IncomingEvent) -> str:
        return moment(event.received_at)

    @display(description="Next try", ordering="next_try_at")
    def tries(self, event: IncomingEvent) -> SafeString | str:
        if not event.attempts:
            return moment(event.next_try_at)
        times = "once" if event.attempts == 1 else f"{event.attempts} times"
        return two_lines(moment(event.next_try_at), f"failed {times}")

    @display(description="Next try")
    def next_try(self, event: IncomingEvent) -> str:
        return moment(event.next_try_at)

    @display(description="Done")
    def done(self, event: IncomingEvent) -> str:
        return moment(event.done_at)

    @display(description="What Stripe sent")
    def sent(self, event: IncomingEvent) -> SafeString | str:
        return lines(event.body.replace("  ", "\u00a0\u00a0"))  # keeps the indentation


def _try_again(request: HttpRequest, events: Iterable[IncomingEvent]) -> None:
    """Have the worker try them at once: a page has no time to wait for Stripe."""
    waiting = inbox.try_again(events, now=timezone.now())
    for customer_id in dict.fromkeys(event.stripe_customer_id for event in waiting):
        async_task(WORK, customer_id, save=False)
    if not waiting:
        messages.info(request, "Nothing was left to try: it is done.")
        return
    number = f"{len(waiting)} {'event is' if len(waiting) == 1 else 'events are'}"
    messages.success(request, f"{number} being tried again: look here in a moment.")
