from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.decorators import display

from accounts.admin_columns import NOTHING, day, lines, link, moment, status_label, two_lines
from crm.admin.actions import StepsAdmin
from crm.admin.base import name_with_tombstone
from crm.admin.filters import (
    AssignedFilter,
    EitherSideFilter,
    EnquiryStatusFilter,
    HeldBackFilter,
    ReceivedFilter,
    SourceFilter,
    TagFilter,
)
from crm.admin.steps import ENQUIRY_STEPS
from crm.models import EnquiryRecord, Entity


@admin.register(EnquiryRecord)
class EnquiryAdmin(StepsAdmin):
    entity = Entity.ENQUIRIES
    steps = ENQUIRY_STEPS
    source_link = "enquiry"
    related = ("owner", "contact", "property", "enquiry", "assigned_to")
    list_display = (
        "guest",
        "status_shown",
        "property_link",
        "owner_link",
        "stay",
        "group_size",
        "answered_after",
        "received",
    )
    list_filter = (
        EnquiryStatusFilter,
        HeldBackFilter,
        ReceivedFilter,
        AssignedFilter,
        TagFilter,
        SourceFilter,
        EitherSideFilter,
    )
    search_fields = ("guest_name", "guest_email", "guest_phone", "property__title", "owner__email")
    search_help_text = "Guest's name, e-mail or phone, house title, owner's e-mail"
    ordering = ("-created_at", "-id")
    fieldsets = (
        (
            "The enquiry",
            {
                "fields": (
                    "guest_name",
                    "contact_link",
                    "guest_email",
                    "guest_phone",
                    "property_link",
                    "owner_link",
                    "status_shown",
                    "lost_because",
                    "stay",
                    "group_size",
                    "what_was_asked",
                    "received",
                    "first_answer",
                    "standing",
                )
            },
        ),
        ("For staff", {"fields": ("assigned_to", "tags", "notes")}),
    )
    empty_title = "No enquiries yet"
    empty_text = "What guests ask on a house's page appears here at once."

    @display(description="Guest", ordering="guest_name")
    def guest(self, record: EnquiryRecord) -> SafeString:
        name = name_with_tombstone(record) if record.source_deleted_at else record.guest_name
        return two_lines(name, record.guest_email)

    @display(description="Contact")
    def contact_link(self, record: EnquiryRecord) -> SafeString | str:
        return link(record.contact)

    @display(description="Status", ordering="status")
    def status_shown(self, record: EnquiryRecord) -> SafeString:
        status = status_label(record, "status")
        enquiry = record.enquiry
        if enquiry is None or not enquiry.is_held_back():
            return status
        return two_lines(status, f"Held back: {enquiry.quarantine_reason}")

    @display(description="House", ordering="property__title")
    def property_link(self, record: EnquiryRecord) -> SafeString | str:
        return link(record.property)

    @display(description="Owner", ordering="owner__last_name")
    def owner_link(self, record: EnquiryRecord) -> SafeString | str:
        return link(record.owner)

    @display(description="Stay", ordering="check_in")
    def stay(self, record: EnquiryRecord) -> str:
        return f"{day(record.check_in)} to {day(record.check_out)}" if record.check_in else NOTHING

    @display(description="Answered after")
    def answered_after(self, record: EnquiryRecord) -> str:
        if record.first_response_at is None:
            return NOTHING
        return timesince(record.created_at, record.first_response_at, depth=1)

    @display(description="Message")
    def what_was_asked(self, record: EnquiryRecord) -> SafeString | str:
        return lines(record.message)

    @display(description="Received", ordering="created_at")
    def received(self, record: EnquiryRecord) -> str:
        return moment(record.created_at)

    @display(description="First answer")
    def first_answer(self, record: EnquiryRecord) -> str:
        return moment(record.first_response_at)

    @display(description="Lost because")
    def lost_because(self, record: EnquiryRecord) -> str:
        return (record.enquiry and record.enquiry.lost_reason) or NOTHING
