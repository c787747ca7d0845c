from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.admin_base import DeskAdmin
from accounts.admin_columns import label, money
from accounts.admin_filters import YesNoFilter
from billing.models import Plan, Tier

PENCE_IN_A_POUND = 100


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


class OnSaleFilter(YesNoFilter):
    title = "on sale"
    parameter_name = field = "active"


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
