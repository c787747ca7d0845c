from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_columns import (
    NOTHING,
    day,
    label,
    link,
    money,
    rounded_money,
    status_label,
    two_lines,
)
from accounts.london import day_of
from billing.models import Cycle
from billing.models.membership import CURRENT
from billing.revenue import figures
from crm.admin.base import RecordAdmin
from crm.admin.filters import (
    AssignedFilter,
    ContactFilter,
    CreatedFilter,
    CycleFilter,
    MembershipStatusFilter,
    SourceFilter,
    TagFilter,
    TierFilter,
)
from crm.dashboard import monthly_pence
from crm.models import Entity, MembershipRecord


@admin.register(MembershipRecord)
class MembershipAdmin(RecordAdmin):
    entity = Entity.MEMBERSHIPS
    related = ("contact", "property", "assigned_to")
    list_before_template = "admin/crm/membershiprecord/revenue.html"
    list_display = (
        "plan",
        "member",
        "house",
        "status_and_failures",
        "price_twice",
        "last_payment",
        "renews",
    )
    list_filter = (
        MembershipStatusFilter,
        TierFilter,
        CycleFilter,
        CreatedFilter,
        AssignedFilter,
        TagFilter,
        SourceFilter,
        ContactFilter,
    )
    search_fields = (
        "contact__email",
        "contact__last_name",
        "contact__phone",
        "property__title",
        "stripe_customer_id",
        "stripe_subscription_id",
    )
    search_help_text = "Member's e-mail, surname or phone, house title, Stripe id"
    ordering = ("-start_date", "-id")
    fieldsets = (
        (
            "The membership",
            {
                "fields": (
                    "plan",
                    "member",
                    "house",
                    "status_shown",
                    "price",
                    "price_a_month",
                    "auto_renew",
                    "started",
                    "paid_until",
                    "renews",
                    "cancelled",
                    "last_payment",
                    "next_payment",
                    "failures",
                    "stripe_customer_id",
                    "stripe_subscription_id",
                    "standing",
                )
            },
        ),
        ("For staff", {"fields": ("assigned_to", "tags", "notes")}),
    )
    empty_title = "No memberships yet"
    empty_text = "A membership appears here when an owner has paid for a plan."

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if isinstance(changelist, ChangeList):
            listed = changelist.queryset.order_by().values("membership")
            spans = figures.paying(day_of(timezone.now())).filter(membership__in=listed)
            response.context_data["revenue"] = money(figures.monthly(figures.total(spans)))
        return response

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Plan", ordering="plan_tier")
    def plan(self, record: MembershipRecord) -> SafeString:
        return two_lines(record.plan_tier.title(), record.get_billing_cycle_display())

    @display(description="Member", ordering="contact__last_name")
    def member(self, record: MembershipRecord) -> SafeString | str:
        return link(record.contact)

    @display(description="House", ordering="property__title")
    def house(self, record: MembershipRecord) -> SafeString | str:
        return link(record.property)

    @display(description="Status")
    def status_shown(self, record: MembershipRecord) -> SafeString:
        return status_label(record, "status")

    @display(description="Status", ordering="status")
    def status_and_failures(self, record: MembershipRecord) -> SafeString:
        count = record.payment_failure_count
        failed = f"{count} failed payment{'' if count == 1 else 's'}" if count else ""
        return two_lines(self.status_shown(record), failed)

    @display(description="Price without VAT", ordering="plan_price_pence")
    def price_twice(self, record: MembershipRecord) -> SafeString:
        monthly = record.billing_cycle == Cycle.MONTHLY or record.status not in CURRENT
        return two_lines(
            self.price(record), "" if monthly else f"{self.price_a_month(record)} a month"
        )

    @display(description="Price without VAT")
    def price(self, record: MembershipRecord) -> str:
        unit = "month" if record.billing_cycle == Cycle.MONTHLY else "year"
        return f"{money(record.plan_price_pence)} a {unit}"

    @display(description="A month")
    def price_a_month(self, record: MembershipRecord) -> str:
        if record.status not in CURRENT:
            return NOTHING
        return rounded_money(monthly_pence(record))

    @display(description="Last payment", ordering="last_payment_date")
    def last_payment(self, record: MembershipRecord) -> SafeString | str:
        if record.last_payment_date is None:
            return NOTHING
        return two_lines(money(record.last_payment_amount_pence), day(record.last_payment_date))

    @display(description="Renews", ordering="renewal_date")
    def renews(self, record: MembershipRecord) -> str:
        return day(record.renewal_date) if record.auto_renew else "Does not renew"

    @display(description="Failed payments")
    def failures(self, record: MembershipRecord) -> SafeString | str:
        count = record.payment_failure_count
        return label(count, "past_due") if count else "0"

    @display(description="Started")
    def started(self, record: MembershipRecord) -> str:
        return day(record.start_date)

    @display(description="Paid until")
    def paid_until(self, record: MembershipRecord) -> str:
        return day(record.end_date)

    @display(description="Cancelled")
    def cancelled(self, record: MembershipRecord) -> str:
        return day(record.cancelled_date)

    @display(description="Next payment")
    def next_payment(self, record: MembershipRecord) -> str:
        return day(record.next_payment_date)
