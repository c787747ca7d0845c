from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, day, label, link, link_to, moment, money, two_lines
from accounts.admin_filters import ChoiceFilter, DayRangeFilter, OwnerFilter
from billing.models import Membership, Payment, PaymentKind
from billing.models.payment import PaymentQuerySet


class KindFilter(ChoiceFilter):
    title = "kind"
    parameter_name = field = "kind"

    def options(self, request: HttpRequest) -> Iterable[tuple[str, Any]]:
        return PaymentKind.choices


class PaidFilter(DayRangeFilter):
    title = "day"
    field = "paid_at"


class PayerFilter(OwnerFilter):
    def narrow(self, rows: QuerySet[Payment], value: str) -> QuerySet[Payment]:
        return rows.filter(Q(owner=value) | Q(owner=None, membership__owner=value))


class FeeFilter(ChoiceFilter):
    title = "Stripe's fee"
    parameter_name = "fee"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("known", "Known"), ("unknown", "Not known")]

    def narrow(self, rows: QuerySet[Payment], value: str) -> QuerySet[Payment]:
        return rows.filter(fee_pence__isnull=value == "unknown")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """The ledger. A correction is a new row, made by Stripe."""

    related: tuple[str, ...] = ("owner__user", "membership__owner__user", "membership__tier")
    # Who has a page for memberships says here where: this app has none.
    membership_url: ClassVar[Callable[[Membership], str]] = staticmethod(lambda membership: "")
    list_before_template = "admin/billing/payment/totals.html"
    list_display = ("number", "kind_shown", "whose", "net", "vat", "gross", "fee")
    list_filter = (KindFilter, PaidFilter, PayerFilter, FeeFilter)
    search_fields = (
        "stripe_object_id",
        "stripe_invoice_id",
        "stripe_customer_id",
        "invoice_number",
        "owner__user__email",
        "owner__user__last_name",
        "owner_name",
    )
    search_help_text = "Stripe id, invoice number, owner's e-mail or name"
    ordering = ("-paid_at", "-pk")
    readonly_fields = (
        "kind_shown",
        "bought",
        "payer",
        "net",
        "vat",
        "gross",
        "fee",
        "paid",
        "period",
    )
    fields = (
        *readonly_fields,
        "invoice_number",
        "stripe_object_id",
        "stripe_invoice_id",
        "stripe_customer_id",
    )
    empty_title = "No payments yet"
    empty_text = "Invoices, refunds and disputes appear here as Stripe reports them."

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if isinstance(changelist, ChangeList):
            response.context_data["totals"] = _totals(changelist.queryset)
        return response

    @display(description="Payment", ordering="paid_at")
    def number(self, payment: Payment) -> SafeString:
        return two_lines(payment.invoice_number or payment.stripe_object_id, self.paid(payment))

    @display(description="Kind", ordering="kind")
    def kind_shown(self, payment: Payment) -> SafeString:
        return label(payment.what, payment.kind if payment.gross_pence < 0 else "")

    @display(description="Owner and membership", ordering="owner_name")
    def whose(self, payment: Payment) -> SafeString:
        return two_lines(self.payer(payment), self.bought(payment))

    @display(description="For")
    def bought(self, payment: Payment) -> SafeString | str:
        url = self.membership_url(payment.membership) if payment.membership else ""
        return link_to(url, payment.description) if url else payment.description

    @display(description="Owner")
    def payer(self, payment: Payment) -> SafeString | str:
        """Of one who was erased, the name that the books must keep."""
        owner = payment.owner or (payment.membership and payment.membership.owner)
        return link(owner) if owner else payment.owner_name or NOTHING

    @display(description="Without VAT", ordering="net_pence")
    def net(self, payment: Payment) -> str:
        return money(payment.net_pence)

    @display(description="VAT", ordering="vat_pence")
    def vat(self, payment: Payment) -> str:
        return money(payment.vat_pence)

    @display(description="With VAT", ordering="gross_pence")
    def gross(self, payment: Payment) -> str:
        return money(payment.gross_pence)

    @display(description="Stripe's fee", ordering="fee_pence")
    def fee(self, payment: Payment) -> str:
        return money(payment.fee_pence)

    @display(description="Period", ordering="period_start")
    def period(self, payment: Payment) -> str:
        if payment.period_start is None:
            return NOTHING
        return f"{day(payment.period_start)} to {day(payment.period_end)}"

    @display(description="When")
    def paid(self, payment: Payment) -> str:
        return moment(payment.paid_at)


def _totals(payments: PaymentQuerySet) -> list[tuple[str, str]]:
    """Return what all rows of the list come to, as titles and sums."""
    sums = payments.totals()
    unknown = sums["without_fee"]
    return [
        ("Rows", f"{sums['rows']:,}"),
        ("Without VAT", money(sums["net_pence"] or 0)),
        ("VAT", money(sums["vat_pence"] or 0)),
        ("With VAT", money(sums["gross_pence"] or 0)),
        (
            f"Stripe’s fees ({unknown:,} not known)" if unknown else "Stripe’s fees",
            money(sums["fee_pence"]),
        ),
    ]
