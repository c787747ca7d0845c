"""The pages of all reports: the list, and one page for whichever is asked for."""

from collections.abc import Mapping
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.london import day_of, in_words, next_month
from crm.figures.stamp import stamp
from crm.reports import export
from crm.reports.asking import Asked, CannotBeAsked, Ready, asked, choices, ready, report_called
from crm.reports.base import Part, Report
from crm.reports.charts import chart_of
from crm.reports.currencies import ELSEWHERE
from crm.reports.months import DAY
from crm.reports.registry import GROUPS, REPORTS
from crm.reports.table import Column, Row

ROWS_A_PAGE = 100
LONGEST_NUMBER = 9
READ = ("start", "end", "tier", "cycle")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def report_urls(site: AdminSite) -> list[URLPattern]:
    def listed(request: HttpRequest) -> HttpResponseBase:
        return _shown(site, request, "admin/crm/reports/list.html", _list_page(request))

    def report(request: HttpRequest, name: str) -> HttpResponseBase:
        return report_view(site, request, name)

    return [
        path("reports/", site.admin_view(listed), name="reports"),
        path("reports/<slug:name>/", site.admin_view(report), name="report"),
    ]


def seen_by(request: HttpRequest) -> list[Report]:
    return [report for report in REPORTS.values() if report.may_be_seen_by(request.user)]


def _shown(
    site: AdminSite, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    request.current_app = site.name
    shared = site.each_context(request)
    return TemplateResponse(request, template, {**shared, **context}, status=status)


# --- The list -------------------------------------------------------------------------------------


def _list_page(request: HttpRequest) -> dict[str, Any]:
    seen = {report.id for report in seen_by(request)}
    if not seen:
        raise PermissionDenied
    groups = [(title, [REPORTS[name] for name in names if name in seen]) for title, names in GROUPS]
    return {"title": "Reports", "groups": [(title, some) for title, some in groups if some]}


# --- One report -----------------------------------------------------------------------------------


def report_view(site: AdminSite, request: HttpRequest, name: str) -> HttpResponseBase:
    try:
        report = report_called(name)
    except CannotBeAsked as error:
        raise Http404(str(error)) from error
    if not report.may_be_seen_by(request.user):
        raise PermissionDenied
    now = timezone.now()
    try:
        question = asked(report, _said(request), today=day_of(now))
        ending = request.GET.get("format", "")
        if ending:
            return _file(question, ending)
    except CannotBeAsked as error:
        context = {**_frame(request, report, now), "error": str(error)}
        return _shown(site, request, "admin/crm/reports/report.html", context, status=400)
    context = {**_frame(request, report, now, question), **_table(request, question, day_of(now))}
    return _shown(site, request, "admin/crm/reports/report.html", context)


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").replace("\x00", "") for name in READ}


def _file(question: Asked, ending: str) -> HttpResponseBase:
    report, name = question.report, f"{question.file_name}.{ending}"
    rows = report.rows(**question.arguments)
    if ending == "csv":
        lines = export.csv_lines(report.columns, rows)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    if ending == "xlsx":
        target = TemporaryFile()  # closed by the response
        export.write_xlsx(target, report.columns, rows)
        target.seek(0)
        return FileResponse(target, as_attachment=True, filename=name, content_type=XLSX)
    raise CannotBeAsked("A file can be had as CSV or XLSX.")


def _frame(
    request: HttpRequest, report: Report, now: datetime, question: Asked | None = None
) -> dict[str, Any]:
    """Return what stands around the table, also where the question made no sense."""
    today = day_of(now)
    return {
        "title": report.title,
        "report": report,
        "question": question,
        "form": _form(request, report, question),
        "ready": [_ready_link(request, each, question) for each in ready(report, today)],
        "stamp": stamp(request, now),
    }


def _form(request: HttpRequest, report: Report, question: Asked | None) -> dict[str, Any]:
    """The days as months where they are whole ones, for browsers' own pickers."""
    said = _said(request)
    narrowed = [
        {"name": name, "choices": choices(name), "chosen": said[name]}
        for name in ("tier", "cycle")
        if name in report.narrows
    ]
    if question is None:
        return {"start": said["start"], "end": said["end"], "type": "text", "narrowed": narrowed}
    if report.is_as_of:
        return {"end": question.last.isoformat(), "type": "date", "narrowed": narrowed}
    whole = question.start.day == 1 and _ends_a_month(question, today=day_of(timezone.now()))
    start, last = question.start.isoformat(), question.last.isoformat()
    if whole:
        return {"start": start[:7], "end": last[:7], "type": "month", "narrowed": narrowed}
    return {"start": start, "end": last, "type": "date", "narrowed": narrowed}


def _ends_a_month(question: Asked, *, today: date) -> bool:
    is_so_far = question.last == today and not question.report.looks_ahead
    return is_so_far or question.end == next_month(question.last)


def _ready_link(request: HttpRequest, each: Ready, question: Asked | None) -> dict[str, Any]:
    kept = {name: value for name, value in _said(request).items() if name in ("tier", "cycle")}
    days = {"start": each.start.isoformat(), "end": each.last.isoformat()}
    is_chosen = question is not None and (question.start, question.last) == (each.start, each.last)
    query = urlencode({name: value for name, value in {**days, **kept}.items() if value})
    return {"title": each.title, "url": f"?{query}", "is_chosen": is_chosen}


# --- Its rows -------------------------------------------------------------------------------------


def _table(request: HttpRequest, question: Asked, today: date) -> dict[str, Any]:
    report = question.report
    number = _page_number(request.GET.get("page", ""))
    part = report.part((number - 1) * ROWS_A_PAGE, ROWS_A_PAGE, **question.arguments)
    paginator = Paginator(range(part.count), ROWS_A_PAGE)
    if number > paginator.num_pages:
        number = paginator.num_pages
        part = report.part((number - 1) * ROWS_A_PAGE, ROWS_A_PAGE, **question.arguments)
    query, columns = _query(question), _needed(report.columns, part.rows)
    return {
        "count": part.count,
        "columns": columns,
        "rows": [_cells(columns, row) for row in part.rows],
        "totals": _totals(columns, part),
        "notes": report.notes(**question.arguments) if part.count else [],
        "so_far": _so_far(question, today),
        "chart": chart_of(report, part.rows) if len(part.rows) == part.count else None,
        "page": paginator.page(number),
        "query": query,
        "csv_url": f"?{query}&format=csv",
        "xlsx_url": f"?{query}&format=xlsx",
    }


def _page_number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    return max(1, int(text)) if is_number else 1


def _query(question: Asked) -> str:
    said: Mapping[str, Any] = {
        "start": question.start,
        "end": question.last,
        "tier": question.tier,
        "cycle": question.cycle,
    }
    return urlencode({name: str(value) for name, value in said.items() if value})


def _needed(columns: tuple[Column, ...], rows: list[Row]) -> tuple[Column, ...]:
    """Leave out other currencies where there are none, which is nearly always."""
    has_others = any(row.get(ELSEWHERE.name) for row in rows)
    return tuple(column for column in columns if has_others or column is not ELSEWHERE)


def _cells(columns: tuple[Column, ...], row: Row) -> list[dict[str, Any]]:
    """The first cell leads to what the row is about."""
    return [
        {
            "column": column,
            "value": row.get(column.name),
            "text": column.shown(row.get(column.name)),
            "url": row.get("url", "") if index == 0 else "",
        }
        for index, column in enumerate(columns)
    ]


def _totals(columns: tuple[Column, ...], part: Part) -> list[dict[str, Any]]:
    if not part.totals or not part.count:
        return []
    return [
        {
            "column": each,
            "text": each.shown(part.totals[each.name]) if each.name in part.totals else "",
        }
        for each in columns
    ]


def _so_far(question: Asked, today: date) -> str:
    running = not question.report.is_as_of and not question.report.looks_ahead
    if running and question.start <= today < question.end and today + DAY < next_month(today):
        return f"{today:%B} so far: the last day counted is today, {in_words(today)}."
    return ""
