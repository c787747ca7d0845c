from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, day, label, moment
from accounts.admin_filters import ChoiceFilter, DayRangeFilter
from billing.models import ReconcileRun


class ResultFilter(ChoiceFilter):
    title = "result"
    parameter_name = "result"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("equal", "All equal"), ("differs", "Something differed"), ("broken", "Broke off")]

    def narrow(self, rows: QuerySet[ReconcileRun], value: str) -> QuerySet[ReconcileRun]:
        broken = ~Q(error="") | Q(finished_at=None)
        if value == "broken":
            return rows.filter(broken)
        whole = rows.exclude(broken)
        return whole.filter(differences=0) if value == "equal" else whole.exclude(differences=0)


class StartedFilter(DayRangeFilter):
    title = "day"
    field = "started_at"


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnlyAdmin):
    """Comparisons with Stripe: one each night, and those that somebody asked for."""

    list_display = ("when", "result", "looked_at", "subscriptions", "repaired", "took")
    list_filter = (ResultFilter, StartedFilter)
    ordering = ("-started_at", "-pk")
    fields = (
        "when",
        "result",
        "looked_at",
        "listed_by_stripe",
        "repaired",
        "took",
        "what_differed",
    )
    empty_title = "Nothing has been compared with Stripe yet"
    empty_text = (
        "The worker compares everything each night; manage.py stripe_reconcile does it now."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return self.fields

    @display(description="When", ordering="started_at")
    def when(self, run: ReconcileRun) -> str:
        return moment(run.started_at)

    @display(description="Result", ordering="differences")
    def result(self, run: ReconcileRun) -> SafeString:
        if run.error:
            return label("Broke off", "rejected")
        if run.finished_at is None:
            return label("Not finished", "pending_approval")
        if run.differences:
            verb = "differs" if run.differences == 1 else "differ"
            return label(f"{run.differences:,} {verb}", "past_due")
        return label("All equal", "live")

    @display(description="Looked at")
    def looked_at(self, run: ReconcileRun) -> str:
        return f"What moved since {day(run.since)}" if run.since else "Everything"

    @display(description="Subscriptions")
    def subscriptions(self, run: ReconcileRun) -> str:
        return f"{run.counts.get('subscriptions', 0):,}"

    @display(description="Stripe listed")
    def listed_by_stripe(self, run: ReconcileRun) -> str:
        counted = [f"{kind.replace('_', ' ')}: {count:,}" for kind, count in run.counts.items()]
        return ", ".join(counted) or NOTHING

    @display(description="Repaired")
    def repaired(self, run: ReconcileRun) -> str:
        return f"{run.repaired:,} of {run.found:,}" if run.found else "0"

    @display(description="Took")
    def took(self, run: ReconcileRun) -> str:
        if run.finished_at is None:
            return NOTHING
        return f"{max((run.finished_at - run.started_at).total_seconds(), 0.1):,.1f} s"

    @display(description="What differed")
    def what_differed(self, run: ReconcileRun) -> SafeString:
        return render_to_string("admin/billing/reconcilerun/differences.html", {"run": run})
