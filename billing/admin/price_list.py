from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts.admin_base import DeskAdmin
from accounts.admin_columns import NOTHING, label, money
from accounts.admin_filters import YesNoFilter
from billing.models import Cycle, Feature, Plan, Tier
from listings.perks import Perk

HUNDREDTHS = 100
ALREADY_ON_SALE = (
    "{tier} has another {cycle} price on sale. Withdraw that one first: untick “active” on it."
)


class HundredthsField(forms.DecimalField):
    """Whole hundredths, typed as wholes: pence in pounds, basis points in per cent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, decimal_places=2, **kwargs)

    def prepare_value(self, value: object) -> object:
        if not isinstance(value, int):
            return value
        return f"{value // HUNDREDTHS}.{value % HUNDREDTHS:02d}"

    def clean(self, value: object) -> int | None:
        wholes = super().clean(value)
        return None if wholes is None else int(wholes * HUNDREDTHS)

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class TierField(forms.ModelChoiceField):
    def to_python(self, value: object) -> Tier | None:
        try:
            return super().to_python(value)
        except OverflowError as error:  # a forged number that SQLite cannot take
            words = self.error_messages["invalid_choice"]
            raise ValidationError(words, "invalid_choice", {"value": value}) from error


class PlanForm(forms.ModelForm):
    net_pence = HundredthsField(
        label="Price without VAT (£)",
        min_value=Decimal("0.01"),
        error_messages={"min_value": "A price is more than nothing."},
        widget=UnfoldAdminTextInputWidget,
    )
    vat_basis_points = HundredthsField(
        label="VAT rate (%)",
        min_value=0,
        max_value=100,
        help_text="20 is 20 %.",
        widget=UnfoldAdminTextInputWidget,
    )

    def clean(self) -> dict[str, Any]:
        """Say in words what the database would refuse by a constraint's name."""
        typed = super().clean()
        tier, cycle = typed.get("tier"), typed.get("cycle")
        others = Plan.objects.filter(tier=tier, cycle=cycle, active=True).exclude(
            pk=self.instance.pk
        )
        if typed.get("active") and others.exists():
            words = ALREADY_ON_SALE.format(tier=tier, cycle=Cycle(cycle).label.lower())
            self.add_error("active", words)
        return typed


class TierForm(forms.ModelForm):
    features = forms.ModelMultipleChoiceField(
        queryset=Feature.objects.all(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Owners read them on the plans page; houses have them from the next page view.",
    )


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
    list_display = ("name", "display_name", "rank", "brings", "recommended")
    list_filter = ()
    ordering = ("rank",)
    search_fields = ("name", "code")
    empty_title = "No tiers yet"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        return super().get_queryset(request).prefetch_related("features")

    @display(description="Features")
    def brings(self, tier: Tier) -> SafeString | str:
        return format_html_join("", "{}<br>", ((each,) for each in tier.features.all())) or NOTHING


@admin.register(Feature)
class FeatureAdmin(PriceListAdmin):
    """What tiers bring. Which tier brings what is ticked on the tier."""

    list_display = ("text", "done_by", "in_tiers", "position")
    list_filter = ()
    fields = ("text", "code", "done_by", "in_tiers", "position")
    search_fields = ("text", "code")
    ordering = ("position", "pk")
    empty_title = "No features yet"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feature]:
        return super().get_queryset(request).prefetch_related("tiers")

    def get_readonly_fields(self, request: HttpRequest, obj: Feature | None = None) -> list[str]:
        # The site knows a feature by its code, whatever the words.
        return ["done_by", "in_tiers", *(["code"] if obj else [])]

    @display(description="What the site does")
    def done_by(self, feature: Feature) -> str:
        return Perk(feature.code).label if feature.is_done_by_the_site else "Names it on the plans"

    @display(description="In")
    def in_tiers(self, feature: Feature) -> str:
        tiers = sorted(feature.tiers.all(), key=lambda tier: tier.rank) if feature.pk else []
        return ", ".join(tier.name for tier in tiers) or NOTHING


@admin.register(Plan)
class PlanAdmin(PriceListAdmin):
    form = PlanForm
    related = ("tier",)
    list_display = ("plan", "cycle", "net", "vat", "gross", "on_sale")
    list_filter = (OnSaleFilter,)
    readonly_fields = ("currency",)  # revenue adds prices up, so there is one currency
    search_fields = ("tier__name", "tier__code")
    ordering = ("tier__rank", "cycle")
    empty_title = "No prices yet"

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        return super().formfield_for_foreignkey(db_field, request, **kwargs, form_class=TierField)

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
