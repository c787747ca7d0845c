from django.contrib import admin
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_columns import NOTHING, day, label, link, moment, money, status_label, two_lines
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
from crm.admin.steps import LISTING_STEPS
from crm.models import Entity, PropertyRecord
from listings.choices import ListingStatus


@admin.register(PropertyRecord)
class PropertyAdmin(StepsAdmin):
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
                    "picture",
                    "title",
                    "on_the_site",
                    "owner_link",
                    "status",
                    "rejection_reason",
                    "waiting_since",
                    "tier",
                    "location",
                    "size",
                    "weekend_price",
                    "description",
                    "created",
                    "standing",
                )
            },
        ),
        ("For staff", {"fields": ("assigned_to", "tags", "notes")}),
    )
    empty_title = "No houses yet"
    empty_text = "Houses appear here as soon as an owner starts to list one."

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

    @display(description="Size")
    def size(self, record: PropertyRecord) -> str:
        return f"{record.guests} guests, {record.bedrooms} bedrooms, {record.bathrooms} bathrooms"

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

    @display(description="Main photo")
    def picture(self, record: PropertyRecord) -> SafeString | str:
        if not record.main_image:
            return NOTHING
        url = default_storage.url(record.main_image)
        return format_html('<img class="gh-photo" src="{}" alt="">', url)

    @display(description="On the site")
    def on_the_site(self, record: PropertyRecord) -> SafeString | str:
        if record.source_deleted_at is not None or not record.slug:
            return NOTHING
        url = reverse("house", args=[record.slug])
        return format_html('<a class="gh-link" href="{}">{}</a>', url, url)
