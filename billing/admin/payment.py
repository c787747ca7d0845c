from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, day, link, moment, money, status_label, two_lines
from accounts.admin_filters import ChoiceFilter, DayRangeFilter
from accounts.models import Owner
from billing.models import Payment, PaymentKind


class KindFilter(ChoiceFilter):
    title = "kind"
    parameter_name = field = "kind"

    def options(self, request: HttpRequest) -> Iterable[tuple[str, Any]]:
        return PaymentKind.choices


class PaidFilter(DayRangeFilter):
    title = "day"
    field = "paid_at"


class OwnerFilter(ChoiceFilter):
    """Whose payments to show. It appears when another page links here with an owner."""

    title = "owner"
    parameter_name = field = "owner"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        if not (asked.isascii() and asked.isdigit()):
            return []
        owner = Owner.objects.filter(pk=asked).select_related("user").first()
        return [(asked, str(owner))] if owner else []


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """The ledger. A correction is a new row, made by Stripe."""

    related = ("owner__user", "membership__tier")
    list_display = ("what", "kind_shown", "payer", "net", "vat", "gross", "period", "paid")
    list_filter = (KindFilter, PaidFilter, OwnerFilter)
    search_fields = (
        "stripe_object_id",
        "stripe_invoice_id",
        "stripe_customer_id",
        "invoice_number",
        "owner__user__email",
        "owner__user__last_name",
    )
    search_help_text = "Stripe id, invoice number, owner's e-mail or surname"
    ordering = ("-paid_at", "-pk")
    fields = (
        "description",
        "kind_shown",
        "payer",
        "net",
        "vat",
        "gross",
        "paid",
        "period",
        "invoice_number",
        "stripe_object_id",
        "stripe_invoice_id",
        "stripe_customer_id",
    )
    readonly_fields = ("kind_shown", "payer", "net", "vat", "gross", "paid", "period")
    empty_title = "No payments yet"
    empty_text = "Invoices, refunds and disputes appear here as Stripe reports them."

    @display(description="Payment", ordering="description")
    def what(self, payment: Payment) -> SafeString:
        return two_lines(payment.description, payment.invoice_number or payment.stripe_object_id)

    @display(description="Kind", ordering="kind")
    def kind_shown(self, payment: Payment) -> SafeString:
        return status_label(payment, "kind")

    @display(description="Owner", ordering="owner__user__last_name")
    def payer(self, payment: Payment) -> SafeString | str:
        return link(payment.owner)

    @display(description="Without VAT", ordering="net_pence")
    def net(self, payment: Payment) -> str:
        return money(payment.net_pence)

    @display(description="VAT", ordering="vat_pence")
    def vat(self, payment: Payment) -> str:
        return money(payment.vat_pence)

    @display(description="With VAT", ordering="gross_pence")
    def gross(self, payment: Payment) -> str:
        return money(payment.gross_pence)

    @display(description="Period", ordering="period_start")
    def period(self, payment: Payment) -> str:
        if payment.period_start is None:
            return NOTHING
        return f"{day(payment.period_start)} to {day(payment.period_end)}"

    @display(description="When", ordering="paid_at")
    def paid(self, payment: Payment) -> str:
        return moment(payment.paid_at)
