"""The months: what each brought, which are closed, and what was heard of them later."""

from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.admin_base import ReadOnlyAdmin
from billing.models import ClosedMonth
from billing.revenue.closing import Month, NotClosable, close, months
from billing.revenue.month_lines import lines_of

NO_MONTH = "We have no figures of that month."


@admin.register(ClosedMonth)
class ClosedMonthAdmin(ReadOnlyAdmin):
    """Its list shows every month, closed or not."""

    fields = ("month", "closed_at", "closed_by")
    search_fields = ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        named = [
            path("of/<str:name>/", view(self.month_view), name="billing_closedmonth_month"),
            path(
                "of/<str:name>/close/",
                view(require_POST(self.close_view)),
                name="billing_closedmonth_close",
            ),
        ]
        return [*named, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._must(self.has_view_permission(request))
        context = {"title": "Months", "months": months(now=timezone.now())}
        return self._page(request, "months", context)

    def month_view(self, request: HttpRequest, name: str) -> HttpResponse:
        self._must(self.has_view_permission(request))
        month = _month(name, timezone.now())
        context = {
            "title": f"{month.first:%B %Y}",
            "month": month,
            "sections": lines_of(month),
            "may_close": self._may_close(request) and month.is_over and not month.closed,
        }
        return self._page(request, "month", context)

    def close_view(self, request: HttpRequest, name: str) -> HttpResponse:
        self._must(self._may_close(request))
        now = timezone.now()
        month = _month(name, now)
        try:
            closed = close(month.first, by=request.user.email, now=now)
        except NotClosable as reason:
            messages.error(request, str(reason))
        else:
            names = ", ".join(str(each) for each in closed)
            messages.success(request, f"Closed: {names}. These figures stay as they are.")
        return HttpResponseRedirect(reverse("admin:billing_closedmonth_month", args=[name]))

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        template = f"admin/billing/closedmonth/{name}.html"
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, whole)

    def _may_close(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.add_closedmonth")

    def _must(self, is_allowed: bool) -> None:
        if not is_allowed:
            raise PermissionDenied


def _month(name: str, now: datetime) -> Month:
    try:
        first = date.fromisoformat(f"{name}-01")
    except ValueError as error:
        raise Http404(NO_MONTH) from error
    found = [month for month in months(now=now) if month.first == first]
    if not found:
        raise Http404(NO_MONTH)
    return found[0]
