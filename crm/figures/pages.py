"""The page that explains a figure, and its rows as a file."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.london import day_of
from billing.models import Payment
from crm.figures.asked import FIRST_MONTH, NotAskable, address, asked, month_text, title_of
from crm.figures.base import Figure, Part, Scope
from crm.figures.every import FIGURES
from crm.figures.stamp import stamp
from crm.home import may
from crm.models import MembershipRecord
from crm.reports.export import csv_lines
from crm.reports.table import Column, Kind, Row

PAGE_ROWS = 50
FEW = 30  # a share of fewer says little, and is shown as its two counts


def may_see_figures(request: HttpRequest) -> bool:
    return may(request, "view", MembershipRecord) and may(request, "view", Payment)


class FigurePages:
    """Mixed into the admin site. Who may view memberships and payments sees every figure."""

    def get_urls(self: AdminSite) -> list[URLPattern]:
        pages = [
            path("figures/<slug:name>/", self.admin_view(self.figure_view), name="crm_figure"),
            path("figures/<slug:name>/csv/", self.admin_view(figure_csv), name="crm_figure_csv"),
        ]
        return [*pages, *super().get_urls()]

    def figure_view(self: AdminSite, request: HttpRequest, name: str) -> HttpResponse:
        _must_see(request)
        request.current_app = self.name
        shared = self.each_context(request)
        try:
            page = figure_page(request, name)
        except NotAskable as reason:
            context = {**shared, "title": "There is no such figure", "reason": str(reason)}
            return TemplateResponse(request, "admin/crm/figures/none.html", context, status=404)
        return TemplateResponse(request, "admin/crm/figures/page.html", {**shared, **page})


def figure_csv(request: HttpRequest, name: str) -> HttpResponse:
    _must_see(request)
    try:
        figure = _figure(name)
        scope = asked(figure, request.GET.dict(), day_of(timezone.now())).scope
    except NotAskable as reason:
        return HttpResponse(str(reason), status=404, content_type="text/plain; charset=utf-8")
    answer = StreamingHttpResponse(
        csv_lines(figure.columns, figure.rows(scope)), content_type="text/csv; charset=utf-8"
    )
    file = "-".join([figure.id, month_text(scope.month), *filter(None, scope.details.values())])
    answer.headers["Content-Disposition"] = f'attachment; filename="{_plain(file)}.csv"'
    return answer


def _plain(name: str) -> str:
    """Keep what a file's name and a header may hold."""
    return "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign in "-_"))


def _must_see(request: HttpRequest) -> None:
    if not may_see_figures(request):
        raise PermissionDenied


def _figure(name: str) -> Figure:
    if name not in FIGURES:
        raise NotAskable("No figure has this name.")
    return FIGURES[name]


# --- The page -------------------------------------------------------------------------------------


def figure_page(request: HttpRequest, name: str) -> dict[str, Any]:
    now = timezone.now()
    figure = _figure(name)
    found = asked(figure, request.GET.dict(), day_of(now))
    scope = found.scope
    rows = figure.rows(scope)
    paginator = Paginator(rows, PAGE_ROWS)
    listed = paginator.get_page(request.GET.get("page"))
    value, total = figure.value(scope), rows.sum(paginator.count)
    return {
        "title": title_of(figure, scope),
        "figure": figure,
        "note": found.note,
        "scope": scope,
        "value": shown(figure.kind, value, total, paginator.count),
        "is_share": figure.kind == Kind.SHARE,
        "agrees": figure.of(total, paginator.count) == value,
        "formula": [_line(part, scope) for part in figure.formula(scope)],
        "columns": figure.columns,
        "lines": [[*_cells(figure.columns, row)] for row in listed],
        "totals": [*_totals(figure, total)],
        "count": paginator.count,
        "listed": listed,
        "stamp": stamp(request, now),
        **_ways(figure, scope),
    }


def shown(kind: Kind, value: Any, total: int = 0, count: int = 0) -> str:
    """Return a figure as it is read; a share of few as its two counts."""
    if kind != Kind.SHARE:
        return Column("value", "", kind).shown(value)
    if value is None:
        return "Not enough data"
    if count < FEW:
        return f"{total} of {count}"
    return Column("value", "", kind).shown(value)


def _ways(figure: Figure, scope: Scope) -> dict[str, str]:
    is_first = month_text(scope.previous) < scope.details.get("cohort", FIRST_MONTH)
    return {
        "csv_url": address(figure.id, scope.month, scope.details, page="crm_figure_csv"),
        "before_url": "" if is_first else address(figure.id, scope.previous, scope.details),
        "after_url": "" if scope.is_running else address(figure.id, scope.end, scope.details),
        "this_url": address(figure.id, scope.month, scope.details),
    }


def _line(part: Part, scope: Scope) -> dict[str, str]:
    url = address(part.figure, part.month or scope.month, part.details) if part.figure else ""
    value = Column("value", "", part.kind).shown(part.value)
    return {"sign": part.sign, "name": part.name, "value": value, "url": url}


def _cells(columns: tuple[Column, ...], row: Row) -> Iterator[dict[str, Any]]:
    links = row.get("links", {})
    for column in columns:
        value = row[column.name]
        text = column.shown(value) if value != "" else "–"
        yield {"column": column, "text": text, "url": links.get(column.name, "")}


def _totals(figure: Figure, total: int) -> Iterator[str]:
    """Yield what stands below each column: the sum that makes the figure, and no other."""
    for column in figure.columns:
        yield column.shown(total) if column.name == figure.adds else ""
