from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin, safe_next
from accounts.admin_columns import NOTHING, admin_url, label, link_to, moment
from accounts.admin_filters import ChoiceFilter
from billing.gateway import StripeUnavailable
from billing.models import Membership, SubscriptionProblem
from billing.patience import short_patience
from billing.sync import refresh_membership


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.filter(resolved_at__isnull=value == "open")


@admin.register(SubscriptionProblem)
class SubscriptionProblemAdmin(ReadOnlyAdmin):
    """Subscriptions that could not be read. They are put right at Stripe, and looked at again."""

    actions = ("look_again",)
    change_form_outer_before_template = "admin/billing/subscriptionproblem/look_again.html"
    list_display = ("subscription", "owner", "state", "message", "since", "attempts")
    list_filter = (StateFilter,)
    search_fields = ("stripe_subscription_id", "stripe_customer_id", "reason", "owner_name")
    search_help_text = "Stripe id, message or owner's name"
    # What waits comes first, and of that what has waited longest.
    ordering = (F("resolved_at").desc(nulls_first=True), "first_seen_at", "pk")
    fields = (
        "stripe_subscription_id",
        "owner",
        "stripe_customer_id",
        "state",
        "reason",
        "since",
        "last_looked",
        "attempts",
        "resolved",
    )
    readonly_fields = ("owner", "state", "since", "last_looked", "resolved")
    empty_title = "Every subscription can be read"
    empty_text = "One that cannot, for an unknown price for instance, is kept here until it can."

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubscriptionProblem]:
        return super().get_queryset(request).with_owner()

    # --- Looking again ----------------------------------------------------------------------------

    def has_look_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_subscriptionproblem")

    @admin.action(description="Look again", permissions=["look_again"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[SubscriptionProblem]) -> None:
        self._look_again(request, queryset)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.look_again_view))
        name = "billing_subscriptionproblem_look_again"
        return [path("<path:object_id>/look-again/", view, name=name), *super().get_urls()]

    def look_again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_look_again_permission(request):
            raise PermissionDenied
        problem = self.get_object(request, unquote(object_id))
        if problem is None:
            raise Http404
        self._look_again(request, [problem])
        return HttpResponseRedirect(safe_next(request) or admin_url(problem))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        problem = kwargs.get("obj")
        is_open = problem is not None and problem.resolved_at is None
        context["may_look_again"] = is_open and self.has_look_again_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def _look_again(self, request: HttpRequest, problems: Iterable[SubscriptionProblem]) -> None:
        waiting = list(problems)
        while waiting:
            problem = waiting.pop(0)
            try:
                with short_patience():
                    name = problem.stripe_subscription_id
                    membership = refresh_membership(name, now=timezone.now())
            except StripeUnavailable:
                # To ask about the others would be to wait in vain, for seconds each.
                _report_silence(request, problem, len(waiting))
                return
            problem.refresh_from_db()
            _report(request, problem, membership)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Subscription", ordering="stripe_subscription_id")
    def subscription(self, problem: SubscriptionProblem) -> str:
        return problem.stripe_subscription_id

    @display(description="Owner", ordering="owner_name")
    def owner(self, problem: SubscriptionProblem) -> SafeString | str:
        if problem.owner_pk is None:
            return NOTHING
        url = reverse("admin:accounts_owner_change", args=[problem.owner_pk])
        return link_to(url, problem.owner_name)

    @display(description="State")
    def state(self, problem: SubscriptionProblem) -> SafeString:
        return label("Resolved", "live") if problem.resolved_at else label("Open", "past_due")

    @display(description="Message", ordering="reason")
    def message(self, problem: SubscriptionProblem) -> SafeString:
        return format_html('<span class="gh-wrap" dir="auto">{}</span>', problem.reason)

    @display(description="Since", ordering="first_seen_at")
    def since(self, problem: SubscriptionProblem) -> str:
        return moment(problem.first_seen_at)

    @display(description="Last looked at")
    def last_looked(self, problem: SubscriptionProblem) -> str:
        return moment(problem.last_seen_at)

    @display(description="Resolved")
    def resolved(self, problem: SubscriptionProblem) -> str:
        return moment(problem.resolved_at)


def _report(
    request: HttpRequest, problem: SubscriptionProblem, membership: Membership | None
) -> None:
    name = problem.stripe_subscription_id
    if problem.resolved_at is None:
        messages.warning(request, f"{name} still cannot be read: {problem.reason}")
    elif membership is None:
        messages.success(request, f"{name} was never paid, or Stripe no longer has it: settled.")
    else:
        messages.success(request, f"{name} can be read again.")


def _report_silence(request: HttpRequest, problem: SubscriptionProblem, others: int) -> None:
    sentences = [f"Stripe gave no answer about {problem.stripe_subscription_id}: nothing changed."]
    if others:
        sentences.append(f"{others} more {'was' if others == 1 else 'were'} not looked at.")
    messages.error(request, " ".join([*sentences, "Please try again in a few minutes."]))
