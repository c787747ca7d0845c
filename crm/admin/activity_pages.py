"""The list of the activity log: what it leaves out, how far it looked, and the ways on from it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

from accounts.admin_columns import admin_url
from accounts.admin_filters import KnownFiltersChangeList
from crm.admin.activity_lines import (
    NEWEST_FIRST,
    Count,
    Line,
    Place,
    Reader,
    beyond,
    place_at,
    place_of,
    up_to,
)
from crm.api.pagination import Order
from crm.mirror.history import ROUTINE
from crm.models import ActivityLog

PLACE, COUNT = "at", "count"  # parameters that belong to one page, and to no link on it
SEARCHED = 100_000  # changes that one search looks through: words have no index
# Who asks for a record, a run or the rows of a figure wants each of them; who searches, too.
ASK_FOR_ALL = {"record", "run", "window", "cause", "show"}
ASK_UNFOLDED = {"record", "run", "show"}


@dataclass(frozen=True)
class Start:
    """Where a page begins: just beyond an entry, or at one of the two ends."""

    entry: Place | None = None
    is_backwards: bool = False  # from the older to the newer

    @classmethod
    def asked(cls, text: str) -> "Start":
        if text == "oldest":
            return cls(is_backwards=True)
        found = re.fullmatch(r"(older|newer)-(\d{1,18})", text, re.ASCII)
        if found is None:
            return cls()
        entry = ActivityLog.objects.only("created_at").filter(pk=found[2]).first()
        return cls(place_of(entry), found[1] == "newer") if entry else cls()

    @property
    def order(self) -> Order:
        return NEWEST_FIRST.reversed() if self.is_backwards else NEWEST_FIRST

    def onwards(self, rows: QuerySet[ActivityLog]) -> QuerySet[ActivityLog]:
        return beyond(rows, self.order, self.entry) if self.entry else rows


@contextmanager
def inside_the_index() -> Iterator[None]:
    """Keep PostgreSQL from reading the whole table for a value that it takes for rare.

    The index holds all that is asked, and is a quarter of the table. SQLite reads it by itself,
    and would take the write lock for a transaction.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_seqscan', 'off', true)")
        yield


class ActivityChangeList(KnownFiltersChangeList):
    """Reads on from a place in the log; folds and leaves out what nobody needs to read."""

    looked_through = SEARCHED

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str] | None = None
    ) -> QuerySet[ActivityLog]:
        self.start = Start.asked(self._take(request, PLACE))
        self.counts_all = self._take(request, COUNT) == "all"
        # Words are looked for later, in as much of the log as one page looks through.
        words, self.query = self.query, ""
        rows = super().get_queryset(request, exclude_parameters)
        self.query = words.strip()
        return rows

    def get_results(self, request: HttpRequest) -> None:
        with inside_the_index():
            self._read()
            if self.start.is_backwards and self.start.entry and not self.has_more:
                self.start = Start()  # the newest page, and a full one
                self._read()
            self._count()
        self._prepare_for_templates()

    # --- What is shown ----------------------------------------------------------------------------

    @property
    def tells_all(self) -> bool:
        return bool(self.query) or any(self.params.get(name) for name in ASK_FOR_ALL)

    @property
    def folds(self) -> bool:
        return not self.query and not any(self.params.get(name) for name in ASK_UNFOLDED)

    def _read(self) -> None:
        self.counted_rows, self.edge = self.queryset, None
        ahead = self.start.onwards(self.queryset)
        if self.query:
            ahead = self.counted_rows = self._search(ahead)
        reader = Reader(ahead, self.start.order, folds=self.folds, skips=not self.tells_all)
        lines = reader.read(self.list_per_page + 1)
        self.has_more, self.lines = len(lines) > self.list_per_page, lines[: self.list_per_page]
        self.left_out = sum(line.skipped for line in self.lines)
        self.left_out += 0 if self.has_more else reader.skipped

    def _search(self, rows: QuerySet[ActivityLog]) -> QuerySet[ActivityLog]:
        """Return those ahead that have all the words, among as many as can be looked through."""
        self.edge = place_at(rows, self.start.order, SEARCHED - 1)
        if self.edge:
            rows = up_to(rows, self.start.order, self.edge)
        for word in self.query.split():
            rows = rows.filter(Q(title__icontains=word) | Q(actor__icontains=word))
        return rows

    # --- How many ---------------------------------------------------------------------------------

    def _count(self) -> None:
        on_page = Count(
            sum(line.count for line in self.lines), any(line.is_more for line in self.lines)
        )
        rows = self.counted_rows if self.tells_all else self.queryset.exclude(outcome=ROUTINE)
        if self.counts_all:
            self.counted = Count(rows.count())
        elif not self.has_more and not self.start.entry:
            self.counted = on_page
        elif self.query:
            self.counted = replace(on_page, is_more=True)  # to count is to look through all again
        else:
            self.counted = Count.of(rows, NEWEST_FIRST)

    # --- Ways on ----------------------------------------------------------------------------------

    @property
    def newer_url(self) -> str:
        return self._way_on("newer", leads_on=self.start.is_backwards)

    @property
    def older_url(self) -> str:
        return self._way_on("older", leads_on=not self.start.is_backwards)

    @property
    def further_url(self) -> str:
        """Where a search goes on that found too little in what it looked through."""
        if not self.edge or self.has_more:
            return ""
        return self._url_at("newer" if self.start.is_backwards else "older", self.edge)

    @property
    def newest_url(self) -> str:
        return self.get_query_string()

    @property
    def oldest_url(self) -> str:
        return self.get_query_string({PLACE: "oldest"})

    @property
    def exact_url(self) -> str:
        return self.get_query_string({COUNT: "all"})

    @property
    def everything_url(self) -> str:
        return self.get_query_string({"show": "everything"})

    def _way_on(self, way: str, *, leads_on: bool) -> str:
        """Return the next page's address if there is one: beyond the last line, or the first."""
        if not self.lines or not (self.has_more if leads_on else self.start.entry):
            return ""
        return self._url_at(way, place_of(self.lines[-1].last if leads_on else self.lines[0].first))

    def _url_at(self, way: str, place: Place) -> str:
        return self.get_query_string({PLACE: f"{way}-{place[1]}"})

    # --- For templates ----------------------------------------------------------------------------

    @property
    def chosen(self) -> Iterator[dict[str, str]]:
        """Name what narrows the list, each with the address of the list without it."""
        for spec in self.filter_specs:
            used = {name: value for name, value in spec.used_parameters.items() if value}
            if used:
                labels = dict(getattr(spec, "lookup_choices", ()))
                said = " to ".join(str(labels.get(value, value)) for value in used.values())
                url = self.get_query_string(dict.fromkeys(used))
                yield {"title": str(spec.title), "said": said, "url": url}

    def _prepare_for_templates(self) -> None:
        self.result_list = [self._row(line) for line in self.lines]
        if self.start.is_backwards:
            self.result_list.reverse()
        self.result_count = self.full_result_count = self.counted.number
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)

    def _row(self, line: Line) -> ActivityLog:
        """Return the entry that stands for the line, with the line and its address on it."""
        entry = line.newest
        entry.line = line
        if line.is_run:
            run = f"{line.newest.pk}-{line.oldest.pk}"
            entry.url = self.get_query_string({"run": run})
        else:
            kept = urlencode({"_changelist_filters": self.get_query_string().lstrip("?")})
            entry.url = f"{admin_url(entry)}?{kept}"
        return entry

    def _take(self, request: HttpRequest, name: str) -> str:
        """Read a parameter and forget it: no form or link on the page shall carry it on."""
        asked = request.GET.copy()
        value = asked.pop(name, [""])[-1]
        request.GET = asked
        self.params.pop(name, None)
        self.filter_params.pop(name, None)
        return value
