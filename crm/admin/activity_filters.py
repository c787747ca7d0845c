"""Filters of the activity log. All but one stand in its index; a record has an index of its own."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from accounts.admin_columns import day
from accounts.admin_filters import ChoiceFilter
from accounts.models import User, normalise_email
from crm.admin.activity_lines import RUN
from crm.admin.filters import LONGEST_LIST_OF_STAFF
from crm.models import (
    ActivityLog,
    Cause,
    Contact,
    EnquiryRecord,
    Entity,
    MembershipRecord,
    PropertyRecord,
)

RECORDS = {
    Entity.CONTACTS: Contact,
    Entity.PROPERTIES: PropertyRecord,
    Entity.ENQUIRIES: EnquiryRecord,
    Entity.MEMBERSHIPS: MembershipRecord,
}
MACHINES = {"stripe": "Stripe", "system": "any command", "visitor": "nobody signed in"}


class ActorFilter(TextFilter):
    """Who did it: an address, or the beginning of one. Suggests staff and the machines.

    A drop-down would have to list every owner there ever was.
    """

    title = "who"
    parameter_name = "actor"
    template = "admin/crm/activitylog/actor_filter.html"

    @classmethod
    def parameters(cls) -> list[str]:
        return [cls.parameter_name]

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        self.user = request.user

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        actor = normalise_email((self.value() or "").replace("\x00", ""))
        if not actor:
            return queryset
        is_whole = actor in ("stripe", "visitor") or _is_address(actor)
        return queryset.filter(**{"actor" if is_whole else "actor__startswith": actor})

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        (choice,) = super().choices(changelist)
        attributes = choice["form"].fields[self.parameter_name].widget.attrs
        attributes |= {"list": "actors", "placeholder": "E-mail, stripe, visitor, system"}
        staff = User.objects.filter(is_staff=True).order_by("email")
        emails = staff.values_list("email", flat=True)[:LONGEST_LIST_OF_STAFF]
        yield {**choice, "people": emails, "machines": MACHINES}


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


class CauseFilter(ChoiceFilter):
    title = "drift that was mended"
    parameter_name = "cause"

    def options(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [("any", "Any cause"), *Cause.choices]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        drift = rows.exclude(cause="")
        return drift if value == "any" else drift.filter(cause=value)


class DetailFilter(ChoiceFilter):
    title = "detail"
    parameter_name = "show"
    all_option = ("", "Without routine, runs folded")

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("everything", "Every single change")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows


class RecordFilter(ChoiceFilter):
    """All of one record, standing or gone. It appears when a page links to it, and not before."""

    title = "record"
    parameter_name = "record"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        asked = _uuid(request.GET.get(self.parameter_name, ""))
        return [(request.GET[self.parameter_name], name_of(asked))] if asked else []

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.filter(entity_id=value)


def name_of(record_id: UUID) -> str:
    """Return what a record is called, or what the log last called one that is gone."""
    last = ActivityLog.objects.filter(entity_id=record_id).order_by("-pk").defer("changes").first()
    if last is None:
        return "Unknown record"
    record = RECORDS[Entity(last.entity_type)].objects.filter(pk=record_id).first()
    return f"{last.get_entity_type_display()} {record or last.title.partition(': ')[2]}"


class RunFilter(ChoiceFilter):
    """The entries that a line of the list folds together: `newest-oldest`, by their keys."""

    title = "run"
    parameter_name = "run"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        self.ends = _ends(asked)
        if self.ends is None:
            return []
        newest, _ = self.ends
        return [(asked, f"{newest.actor}, {day(newest.created_at)}")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        newest, oldest = self.ends
        rows = rows.filter(**{name: getattr(newest, name) for name in RUN})
        span = {"created_at__lte": newest.created_at, "created_at__gte": oldest.created_at}
        after = Q(created_at=newest.created_at, pk__gt=newest.pk)
        before = Q(created_at=oldest.created_at, pk__lt=oldest.pk)
        return rows.filter(**span).exclude(after | before)


def _ends(text: str) -> tuple[ActivityLog, ActivityLog] | None:
    keys = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text, re.ASCII)
    found = ActivityLog.objects.defer("changes").in_bulk(map(int, keys.groups())) if keys else {}
    ends = [found.get(int(key)) for key in keys.groups()] if keys else []
    return tuple(ends) if ends and all(ends) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
