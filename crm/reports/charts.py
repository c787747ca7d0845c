"""What Chart.js is told, by the data attributes that django-unfold's script reads.

The script takes a colour named `var(--x)` from the page, so that it fits light and dark mode. The
options are written out in full: those given replace django-unfold's own.
"""

import json
from typing import Any

from billing.models.revenue import Movement
from crm.reports.base import Report
from crm.reports.table import Column, Kind, Row

# Movements have the colours of the home page; others these, in the order of the columns.
SERIES = tuple(f"var(--gh-series-{number})" for number in range(1, 4))
TEXT = "#757a84"  # readable on white and on near black
GRID = "rgba(139, 143, 152, .25)"
LEAST_ROWS = 2  # one bar says no more than its number


def chart_of(report: Report, rows: list[Row]) -> dict[str, str] | None:
    """Return the chart of the report's charted columns over its first one, as JSON."""
    if not report.charted or len(rows) < LEAST_ROWS:
        return None
    by_name = {column.name: column for column in report.columns}
    columns = [by_name[name] for name in report.charted]
    stacked = all(column.kind is Kind.PENCE for column in columns)
    data = {
        "labels": [_label(report, row) for row in rows],
        "datasets": [
            _series(column, rows, _colour(column, index)) for index, column in enumerate(columns)
        ],
    }
    options = _options(stacked=stacked, has_legend=len(columns) > 1)
    names = ", ".join(column.title.lower() for column in columns)
    first = report.columns[0].title.lower()
    return {
        "data": json.dumps(data),
        "options": json.dumps(options),
        "says": f"A chart of {names} by {first}{' in pounds' if stacked else ''}. "
        "The table below has its figures.",
    }


def _label(report: Report, row: Row) -> str:
    texts = (column for column in report.columns[:2] if column.kind in {Kind.TEXT, Kind.PERIOD})
    return " ".join(column.shown(row.get(column.name)) for column in texts)


def _colour(column: Column, index: int) -> str:
    if column.name in Movement.values:
        return f"var(--gh-{column.name})"
    return SERIES[index % len(SERIES)]


def _series(column: Column, rows: list[Row], colour: str) -> dict[str, Any]:
    values = [row.get(column.name) or 0 for row in rows]
    if column.kind is Kind.PENCE:
        values = [value / 100 for value in values]
    return {"label": column.title, "data": values, "backgroundColor": colour}


def _options(*, stacked: bool, has_legend: bool) -> dict[str, Any]:
    ticks = {"color": TEXT, "maxRotation": 0, "autoSkip": True}
    amounts = {"color": TEXT, "precision": 0}  # no half enquiries
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "maxBarThickness": 28,
        "interaction": {"mode": "index", "intersect": False},
        "datasets": {"bar": {"borderRadius": 3}},
        "plugins": {
            "legend": {
                "display": has_legend,
                "position": "top",
                "align": "start",
                "labels": {"color": TEXT, "boxWidth": 10, "boxHeight": 10},
            }
        },
        "scales": {
            "x": {"stacked": stacked, "ticks": ticks, "grid": {"display": False}},
            "y": {"stacked": stacked, "ticks": amounts, "grid": {"color": GRID}},
        },
    }
