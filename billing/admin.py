from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.admin_base import DeskAdmin, ReadOnlyAdmin
from accounts.admin_columns import NOTHING, day, label, link, moment, money, status_label, two_lines
from accounts.admin_filters import ChoiceFilter, DayRangeFilter, YesNoFilter
from accounts.models import Owner
from billing.models import Payment, PaymentKind, Plan, Tier

PENCE_IN_A_POUND = 100


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


class OnSaleFilter(YesNoFilter):
    title = "on sale"
    parameter_name = field = "active"


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


# --- Price list -----------------------------------------------------------------------------------


class PoundsField(forms.DecimalField):
    """Whole pence, typed in pounds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, decimal_places=2, **kwargs)

    def prepare_value(self, value: object) -> object:
        if not isinstance(value, int):
            return value
        return f"{value // PENCE_IN_A_POUND}.{value % PENCE_IN_A_POUND:02d}"

    def clean(self, value: object) -> int | None:
        pounds = super().clean(value)
        return None if pounds is None else int(pounds * PENCE_IN_A_POUND)

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LinesField(forms.CharField):
    """A list of sentences, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: object) -> object:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: object) -> list[str]:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PlanForm(forms.ModelForm):
    net_pence = PoundsField(
        label="Price without VAT (£)", min_value=0, widget=UnfoldAdminTextInputWidget
    )


class TierForm(forms.ModelForm):
    features = LinesField(required=False, help_text="One on each line, as owners read them.")


class PriceListAdmin(DeskAdmin):
    """Superusers set the prices. What was sold keeps the price it was sold at."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Tier)
class TierAdmin(PriceListAdmin):
    form = TierForm
    list_display = ("name", "display_name", "rank", "recommended")
    list_filter = ()
    ordering = ("rank",)
    search_fields = ("name", "code")
    empty_title = "No tiers yet"


@admin.register(Plan)
class PlanAdmin(PriceListAdmin):
    form = PlanForm
    related = ("tier",)
    autocomplete_fields = ("tier",)
    list_display = ("plan", "cycle", "net", "vat", "gross", "on_sale")
    list_filter = (OnSaleFilter,)
    readonly_fields = ("currency",)  # revenue adds prices up, so there is one currency
    search_fields = ("tier__name", "tier__code")
    ordering = ("tier__rank", "cycle")
    empty_title = "No prices yet"

    @display(description="Plan", ordering="tier__rank")
    def plan(self, plan: Plan) -> str:
        return str(plan)

    @display(description="Without VAT", ordering="net_pence")
    def net(self, plan: Plan) -> str:
        return money(plan.net_pence)

    @display(description="VAT")
    def vat(self, plan: Plan) -> str:
        return money(plan.vat_pence)

    @display(description="With VAT")
    def gross(self, plan: Plan) -> str:
        return money(plan.gross_pence)

    @display(description="On sale", ordering="active")
    def on_sale(self, plan: Plan) -> SafeString:
        return label("On sale", "live") if plan.active else label("Withdrawn")
