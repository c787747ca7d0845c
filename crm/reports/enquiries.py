from array import array
from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.london import day_of, start_of_day
from crm.models import EnquiryRecord
from crm.reports.base import CHUNK, Report, register
from crm.reports.months import Stretch, months
from crm.reports.table import Column, Kind, Row
from listings.choices import EnquiryStatus

SECONDS_IN_AN_HOUR = 3600
READ = ("created_at", "first_response_at", "status", "enquiry__quarantine_reason")


@register
class EnquiryFunnel(Report):
    id = "enquiries"
    title = "Enquiry funnel"
    words = (
        "What became of the enquiries, by the London month in which they came in, and how long "
        "their owners took to answer for the first time. Received counts what reached an owner: "
        "spam and what is held back stand apart. Half of the answers came within the median, nine "
        "of ten within the hours of the last column; nights and weekends count."
    )
    model = EnquiryRecord
    columns = (
        Column("period", "Month", Kind.PERIOD),
        Column("received", "Received", Kind.COUNT, adds_up=True),
        Column("answered", "Answered", Kind.COUNT, adds_up=True),
        Column("unanswered", "Not answered", Kind.COUNT, adds_up=True),
        Column("converted", "Booked", Kind.COUNT, adds_up=True),
        Column("lost", "Lost", Kind.COUNT, adds_up=True),
        Column("apart", "Spam or held back", Kind.COUNT, adds_up=True),
        Column("median", "Median to answer", Kind.HOURS),
        Column("ninetieth", "9 of 10 within", Kind.HOURS),
    )
    charted = ("received", "answered", "converted")
    opens_with = "Last 12 months"
    nothing = "No enquiry came in these days."

    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        by_month = groupby(_read(start, end), key=lambda each: day_of(each[0]).replace(day=1))
        counted = {month: _count(rows) for month, rows in by_month}
        if not counted:
            return
        for stretch in months(start, end):
            counts = counted.get(stretch.month, _count(iter(())))
            yield {"period": stretch, **counts, "url": _listed(stretch)}


def _listed(days: Stretch) -> str:
    filters = {"created_at_from": days.start, "created_at_to": days.last, "standing": "yes"}
    return f"{reverse('admin:crm_enquiryrecord_changelist')}?{urlencode(filters)}"


def _read(start: date, end: date) -> Iterator[tuple[datetime, datetime | None, str, str]]:
    rows: QuerySet[Any] = EnquiryRecord.objects.standing().filter(
        created_at__gte=start_of_day(start), created_at__lt=start_of_day(end)
    )
    return rows.order_by("created_at").values_list(*READ).iterator(chunk_size=CHUNK)


def _count(rows: Iterator[tuple[datetime, datetime | None, str, str]]) -> Row:
    counts = dict.fromkeys(("received", "answered", "converted", "lost", "apart"), 0)
    seconds = array("q")
    for received_at, answered_at, status, quarantine in rows:
        if quarantine or status == EnquiryStatus.SPAM:
            counts["apart"] += 1
            continue
        counts["received"] += 1
        counts["converted"] += status == EnquiryStatus.CONVERTED
        counts["lost"] += status == EnquiryStatus.LOST
        if answered_at:
            counts["answered"] += 1
            seconds.append(max(0, round((answered_at - received_at).total_seconds())))
    return {**counts, "unanswered": counts["received"] - counts["answered"], **_times(seconds)}


def _times(seconds: "array[int]") -> Row:
    if not seconds:
        return {"median": None, "ninetieth": None}
    ordered = sorted(seconds)
    lower, upper = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    # The smallest time within which nine of ten answers came.
    ninetieth = ordered[-(-9 * len(ordered) // 10) - 1]
    return {
        "median": Fraction(lower + upper, 2 * SECONDS_IN_AN_HOUR),
        "ninetieth": Fraction(ninetieth, SECONDS_IN_AN_HOUR),
    }
