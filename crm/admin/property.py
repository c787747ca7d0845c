from django.contrib import admin
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_columns import (
    NOTHING,
    day,
    label,
    lines,
    link,
    moment,
    money,
    status_label,
    two_lines,
)
from crm.admin.actions import StepsAdmin
from crm.admin.base import name_with_tombstone
from crm.admin.filters import (
    AssignedFilter,
    CreatedFilter,
    ListingStatusFilter,
    OwnerFilter,
    SourceFilter,
    TagFilter,
    TierFilter,
)
from crm.admin.house_source import (
    DETAILS,
    PLACE,
    PRICES,
    RULES,
    HouseSourceMixin,
    running_exceptions,
)
from crm.admin.steps import LISTING_STEPS
from crm.models import Entity, PropertyRecord
from listings.choices import ListingStatus


@admin.register(PropertyRecord)
class PropertyAdmin(HouseSourceMixin, StepsAdmin):
    entity = Entity.PROPERTIES
    steps = LISTING_STEPS
    source_link = "property"
    related = ("owner", "property", "assigned_to")
    list_display = (
        "house",
        "owner_link",
        "status",
        "tier",
        "guests",
        "weekend_price",
        "waiting_since",
        "created",
    )
    list_filter = (
        ListingStatusFilter,
        TierFilter,
        CreatedFilter,
        AssignedFilter,
        TagFilter,
        SourceFilter,
        OwnerFilter,
    )
    search_fields = ("title", "location", "owner__email", "owner__last_name", "owner__phone")
    search_help_text = "Title, place, or the owner's e-mail, surname or phone"
    ordering = ("-created_at", "-id")
    fieldsets = (
        (
            "The house",
            {
                "fields": (
                    "photos",
                    "title",
                    "on_the_site",
                    "owner_link",
                    "enquiries_go_to",
                    "status",
                    "why_rejected",
                    "waiting_since",
                    "tier",
                    "exception",
                    *DETAILS,
                    "created",
                    "standing",
                )
            },
        ),
        ("Where it is", {"fields": PLACE}),
        ("Prices", {"fields": PRICES}),
        ("Rules", {"fields": RULES}),
        ("For staff", {"fields": ("assigned_to", "tags", "notes")}),
    )
    empty_title = "No houses yet"
    empty_text = "Houses appear here as soon as an owner starts to list one."

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> PropertyRecord | None:
        record = super().get_object(request, object_id, from_field)
        if record is not None:
            # A page asks for each field's content several times.
            prefetch_related_objects([record], "property__photos", running_exceptions())
        return record

    @display(description="House", ordering="title")
    def house(self, record: PropertyRecord) -> SafeString:
        return two_lines(name_with_tombstone(record), record.location)

    @display(description="Owner", ordering="owner__last_name")
    def owner_link(self, record: PropertyRecord) -> SafeString | str:
        return link(record.owner)

    @display(description="Status", ordering="listing_status")
    def status(self, record: PropertyRecord) -> SafeString:
        return status_label(record, "listing_status")

    @display(description="Tier", ordering="plan_tier")
    def tier(self, record: PropertyRecord) -> SafeString | str:
        return label(record.plan_tier.title()) if record.plan_tier else NOTHING

    @display(description="Weekend night", ordering="price_pence")
    def weekend_price(self, record: PropertyRecord) -> str:
        return money(record.price_pence)

    @display(description="Waiting since", ordering="property__submitted_at")
    def waiting_since(self, record: PropertyRecord) -> str:
        pending = record.listing_status == ListingStatus.PENDING_APPROVAL
        return moment(record.property.submitted_at) if pending and record.property else NOTHING

    @display(description="Listed", ordering="created_at")
    def created(self, record: PropertyRecord) -> str:
        return day(record.created_at)

    @display(description="Rejected because")
    def why_rejected(self, record: PropertyRecord) -> SafeString | str:
        return lines(record.rejection_reason)
