"""From a row of one report to the rows of another that it is made of."""

from urllib.parse import urlencode

from django.urls import reverse

from crm.reports.months import Stretch


def address_of(report: str, days: Stretch, **narrowed: str) -> str:
    """Return the address of a report over some days; what is empty narrows nothing."""
    asked = {"start": days.start.isoformat(), "end": days.last.isoformat(), **narrowed}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('admin:report', args=[report])}?{query}"
