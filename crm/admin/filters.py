"""Filters of the CRM's lists. Those that a figure of the home page links to use its queryset."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from accounts.admin_columns import moment
from accounts.admin_filters import ChoiceFilter, DayRangeFilter, YesNoFilter
from accounts.models import User
from billing.models import Cycle, MembershipStatus, Tier
from crm import dashboard
from crm.admin.story import activity_of
from crm.models import ActivityType, Contact, Entity, Interaction, SyncFailure
from listings.choices import EnquiryStatus, ListingStatus

LONGEST_LIST_OF_STAFF = 100


# --- For every record -----------------------------------------------------------------------------


class SourceFilter(ChoiceFilter):
    title = "presence on the site"
    parameter_name = "standing"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No, deleted there")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.filter(source_deleted_at__isnull=value == "yes")


class AssignedFilter(ChoiceFilter):
    title = "assigned to"
    parameter_name = "assigned"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        staff = User.objects.filter(is_staff=True).exclude(pk=request.user.pk)
        others = staff.order_by("first_name", "email")[:LONGEST_LIST_OF_STAFF]
        mine = [(str(request.user.pk), "Me"), ("nobody", "Nobody")]
        return mine + [(str(user.pk), str(user)) for user in others]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        if value == "nobody":
            return rows.filter(assigned_to=None)
        return rows.filter(assigned_to=value)


class TagFilter(TextFilter):
    title = "tag"
    parameter_name = "tag"

    @classmethod
    def parameters(cls) -> list[str]:
        return [cls.parameter_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        tag = (self.value() or "").replace("\x00", "").strip().lower()
        if not tag:
            return queryset
        # The databases spell a letter outside ASCII in stored JSON in two ways.
        spellings = [json.dumps(tag), json.dumps(tag, ensure_ascii=False)]
        return queryset.filter(Q(tags__icontains=spellings[0]) | Q(tags__icontains=spellings[1]))


class ContactFilter(ChoiceFilter):
    """Whose rows to show. It appears when a contact's page links to a list, and not before."""

    title = "contact"
    parameter_name = "contact"
    fields: tuple[str, ...] = ("contact",)

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        asked = _uuid(request.GET.get(self.parameter_name))
        contact = Contact.objects.filter(pk=asked).first() if asked else None
        return [(request.GET[self.parameter_name], str(contact))] if contact else []

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        wanted = Q()
        for field in self.fields:
            wanted |= Q(**{field: value})
        return rows.filter(wanted)


class OwnerFilter(ContactFilter):
    fields = ("owner",)


class EitherSideFilter(ContactFilter):
    fields = ("owner", "contact")


class StoryFilter(ContactFilter):
    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return activity_of(UUID(value), rows)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


# --- Contacts -------------------------------------------------------------------------------------


class RoleFilter(ChoiceFilter):
    title = "role"
    parameter_name = "role"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        both = [("both", "Owner and guest"), ("either", "Owner or guest")]
        return [("owner", "Owner"), ("guest", "Guest"), *both]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        if value == "either":
            return rows.filter(Q(is_owner=True) | Q(is_guest=True) | Q(user__isnull=False))
        wanted = {"is_owner": True, "is_guest": True}
        if value != "both":
            wanted = {f"is_{value}": True}
        return rows.filter(**wanted)


class MemberFilter(ChoiceFilter):
    title = "membership"
    parameter_name = "member"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("paying", "Paying member"), ("lapsed", "Was a member"), ("never", "Never")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        if value == "never":
            return rows.filter(memberships=None)
        if value == "lapsed":
            had_one = rows.filter(memberships__isnull=False).distinct()
            return had_one.exclude(pk__in=dashboard.paying_members().values("pk"))
        return rows.filter(pk__in=dashboard.paying_members().values("pk"))


class DoNotContactFilter(YesNoFilter):
    title = "do not contact"
    parameter_name = field = "do_not_contact"


class SignupFilter(DayRangeFilter):
    title = "sign-up"
    field = "signup_date"


# --- Properties, enquiries, memberships -----------------------------------------------------------


class ListingStatusFilter(ChoiceFilter):
    title = "status"
    parameter_name = "status"
    field = "listing_status"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return ListingStatus.choices


class EnquiryStatusFilter(ChoiceFilter):
    title = "status"
    parameter_name = field = "status"

    def options(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [("unanswered", "To answer"), *EnquiryStatus.choices]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        if value == "unanswered":
            return rows.filter(pk__in=dashboard.enquiries_to_answer().values("pk"))
        return super().narrow(rows, value)


class HeldBackFilter(YesNoFilter):
    title = "held back"
    parameter_name = "held_back"

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        held_back = dashboard.enquiries_held_back().values("pk")
        return rows.filter(pk__in=held_back) if value == "yes" else rows.exclude(pk__in=held_back)


class MembershipStatusFilter(ChoiceFilter):
    title = "status"
    parameter_name = field = "status"

    def options(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [("current", "Current (counts as revenue)"), *MembershipStatus.choices]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        if value == "current":
            return rows.filter(pk__in=dashboard.current_memberships().values("pk"))
        return super().narrow(rows, value)


class TierFilter(ChoiceFilter):
    title = "tier"
    parameter_name = "tier"
    field = "plan_tier"

    def options(self, request: HttpRequest) -> Iterable[tuple[str, str]]:
        return Tier.objects.values_list("code", "name")


class CycleFilter(ChoiceFilter):
    title = "cycle"
    parameter_name = "cycle"
    field = "billing_cycle"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return Cycle.choices


class CreatedFilter(DayRangeFilter):
    title = "date"


class ReceivedFilter(DayRangeFilter):
    title = "day received"


# --- Interactions, activity, failures -------------------------------------------------------------


class InteractionTypeFilter(ChoiceFilter):
    title = "type"
    parameter_name = field = "type"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return Interaction.Type.choices


class DirectionFilter(ChoiceFilter):
    title = "direction"
    parameter_name = field = "direction"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return Interaction.Direction.choices


class EntityFilter(ChoiceFilter):
    title = "kind of record"
    parameter_name = "entity"
    field = "entity_type"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return Entity.choices


class ActivityTypeFilter(ChoiceFilter):
    title = "what happened"
    parameter_name = "what"
    field = "activity_type"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return ActivityType.choices


class WindowFilter(ChoiceFilter):
    """From one moment to another, both included: `2026-11-21T14:00:00Z/2026-11-22T14:00:00Z`.

    Nobody types this. It appears when a figure links to the rows that it counts.
    """

    title = "time"
    parameter_name = "window"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        window = read_window(asked)
        return [(asked, f"{moment(window[0])} to {moment(window[1])}")] if window else []

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        first, last = read_window(value)
        return rows.filter(created_at__gte=first, created_at__lte=last)


def write_window(first: datetime, last: datetime) -> str:
    return "/".join(f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" for end in (first, last))


def read_window(text: str) -> tuple[datetime, datetime] | None:
    try:
        first, last = (datetime.fromisoformat(part) for part in text.split("/"))
        return first.astimezone(UTC), last.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class FailureStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved")]

    def narrow(self, rows: QuerySet[SyncFailure], value: str) -> QuerySet[SyncFailure]:
        still_open = dashboard.open_failures().values("pk")
        return (
            rows.filter(pk__in=still_open) if value == "open" else rows.exclude(pk__in=still_open)
        )
