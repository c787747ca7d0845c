"""What can be asked of each list, and nothing else: an unknown or malformed word answers 400."""

from datetime import datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.london import LONDON, start_of_day
from accounts.models import normalise_email
from billing.models import Cycle, MembershipStatus
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from listings.choices import EnquiryStatus, ListingStatus

OTHER_PARAMETERS = {"cursor", "page_size", "format"}
LONGEST_SEARCH = 200


class AllowListedFilters(filters.DjangoFilterBackend):
    """A misspelt filter must not answer with the whole list, as if it had been applied."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: APIView) -> QuerySet:
        known = OTHER_PARAMETERS | set(view.filterset_class.base_filters)
        if unknown := sorted(set(request.query_params) - known):
            raise ValidationError({name: ["There is no such filter."] for name in unknown})
        return super().filter_queryset(request, queryset, view)


@extend_schema_field(bool)
class TrueOrFalse(filters.TypedChoiceFilter):
    # The library's BooleanFilter takes any other word for "not asked".
    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda word: word == "true", **kwargs)


class EmailFilter(filters.CharFilter):
    def filter(self, rows: QuerySet, value: str) -> QuerySet:
        return super().filter(rows, normalise_email(value))


class DayFilter(filters.DateFilter):
    # The form's own formats follow the language: 1/2/2026 would mean one day here, another there.
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class FromDay(DayFilter):
    """The London day and all after it, of a column that holds moments."""

    def filter(self, rows: QuerySet, value: Any) -> QuerySet:
        return rows.filter(**{f"{self.field_name}__gte": start_of_day(value)}) if value else rows


class ToDay(DayFilter):
    """The London day and all before it, of a column that holds moments."""

    def filter(self, rows: QuerySet, value: Any) -> QuerySet:
        if not value:
            return rows
        end = datetime.combine(value, time.max, tzinfo=LONDON)
        return rows.filter(**{f"{self.field_name}__lte": end})


class WordsFilter(filters.CharFilter):
    """Rows in which every word stands somewhere in the named columns."""

    def __init__(self, columns: list[str], **kwargs: Any) -> None:
        self.columns = columns
        help_text = f"Words in {', '.join(columns)}."
        super().__init__(max_length=LONGEST_SEARCH, help_text=help_text, **kwargs)

    def filter(self, rows: QuerySet, value: str) -> QuerySet:
        for word in value.split() if value else []:
            anywhere = Q()
            for column in self.columns:
                anywhere |= Q(**{f"{column}__icontains": word})
            rows = rows.filter(anywhere)
        return rows


class OrderFilter(filters.ChoiceFilter):
    """One column to order by; the pages add the key, so that the order is always complete."""

    def __init__(self, columns: dict[str, str], **kwargs: Any) -> None:
        ways = [(name, words) for name, words in columns.items()]
        ways += [(f"-{name}", f"{words}, backwards") for name, words in columns.items()]
        super().__init__(choices=ways, **kwargs)

    def filter(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.order_by(value) if value else rows


class ContactFilters(filters.FilterSet):
    is_owner = TrueOrFalse()
    is_guest = TrueOrFalse()
    email = EmailFilter(max_length=254)
    search = WordsFilter(["first_name", "last_name", "email", "company_name"])
    ordering = OrderFilter(
        {
            "last_name": "Last name",
            "email": "E-mail",
            "signup_date": "Sign-up",
            "last_activity_date": "Last activity",
        }
    )

    class Meta:
        model = Contact
        fields: list[str] = []


class PropertyFilters(filters.FilterSet):
    status = filters.MultipleChoiceFilter(field_name="listing_status", choices=ListingStatus)
    tier = filters.CharFilter(field_name="plan_tier", max_length=20)
    owner = filters.UUIDFilter(field_name="owner_id", help_text="A contact.")
    created_from = FromDay(field_name="created_at")
    created_to = ToDay(field_name="created_at")
    search = WordsFilter(["title", "location"])
    ordering = OrderFilter({"created_at": "Created", "title": "Title", "price_pence": "Price"})

    class Meta:
        model = PropertyRecord
        fields: list[str] = []


class EnquiryFilters(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=EnquiryStatus)
    property = filters.UUIDFilter(field_name="property_id")
    contact = filters.UUIDFilter(field_name="contact_id", help_text="The guest.")
    owner = filters.UUIDFilter(field_name="owner_id", help_text="The contact who was asked.")
    received_from = FromDay(field_name="created_at")
    received_to = ToDay(field_name="created_at")
    search = WordsFilter(["guest_name", "guest_email", "message"])
    ordering = OrderFilter({"created_at": "Received", "check_in": "Arrival", "group_size": "Group"})

    class Meta:
        model = EnquiryRecord
        fields: list[str] = []


class MembershipFilters(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=MembershipStatus)
    tier = filters.CharFilter(field_name="plan_tier", max_length=20)
    cycle = filters.MultipleChoiceFilter(field_name="billing_cycle", choices=Cycle)
    contact = filters.UUIDFilter(field_name="contact_id")
    property = filters.UUIDFilter(field_name="property_id")
    renewal_from = DayFilter(field_name="renewal_date", lookup_expr="gte")
    renewal_to = DayFilter(field_name="renewal_date", lookup_expr="lte")
    search = WordsFilter(["contact__last_name", "contact__email", "property__title"])
    ordering = OrderFilter(
        {"start_date": "Start", "renewal_date": "Renewal", "plan_price_pence": "Price"}
    )

    class Meta:
        model = MembershipRecord
        fields: list[str] = []
