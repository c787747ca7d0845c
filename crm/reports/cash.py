"""What the bookkeeper takes: cash and VAT by month, and the payments behind it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce, TruncMonth
from django.urls import reverse

from accounts.london import LONDON, start_of_day
from billing.models import Payment, PaymentKind
from billing.state import OUR_CURRENCY
from crm.reports.base import ListReport, Report, register
from crm.reports.currencies import ELSEWHERE, elsewhere, in_words, pounds_only
from crm.reports.linking import address_of
from crm.reports.months import months
from crm.reports.narrowing import by_plan
from crm.reports.table import Column, Kind, Row

IN_POUNDS = Q(currency=OUR_CURRENCY)


def paid_in(start: date, end: date) -> QuerySet[Payment]:
    return Payment.objects.filter(paid_at__gte=start_of_day(start), paid_at__lt=start_of_day(end))


@register
class Cash(Report):
    id = "cash"
    title = "Cash and VAT by month"
    words = (
        "For the bookkeeper: what was paid, given back and disputed, by the London month in which "
        "the money moved, from the ledger of payments. What left the business is below zero. "
        "Without VAT + VAT = with VAT, and is the sum of the four columns of invoices, refunds, "
        "credit notes and disputes. A credit note counts only what it gives beyond its refunds. "
        "Other currencies stand apart and are added to nothing."
    )
    model = Payment
    narrows = frozenset({"tier", "cycle"})
    columns = (
        Column("period", "Month", Kind.PERIOD),
        Column("invoiced_net", "Invoices without VAT", Kind.PENCE, adds_up=True),
        Column("invoiced_vat", "VAT on invoices", Kind.PENCE, adds_up=True),
        Column("invoiced", "Invoices paid", Kind.PENCE, adds_up=True),
        Column("refunded", "Refunds", Kind.PENCE, adds_up=True),
        Column("credited", "Credit notes", Kind.PENCE, adds_up=True),
        Column("disputed", "Disputes", Kind.PENCE, adds_up=True),
        Column("net", "All without VAT", Kind.PENCE, adds_up=True),
        Column("vat", "VAT", Kind.PENCE, adds_up=True),
        Column("gross", "All with VAT", Kind.PENCE, adds_up=True),
        Column("fees", "Stripe’s fees", Kind.PENCE, adds_up=True),
        Column("after_fees", "Left after fees", Kind.PENCE, adds_up=True),
        Column("fees_unknown", "Fees not known", Kind.COUNT, adds_up=True),
        ELSEWHERE,
    )
    charted = ("net", "vat")
    opens_with = "Last 12 months"
    nothing = "No money moved in these days."

    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        sums = _sums(by_plan(paid_in(start, end), tier, cycle))
        if not sums:
            return
        for stretch in months(start, end):
            url = address_of("payments", stretch, tier=tier, cycle=cycle)
            yield {"period": stretch, **_month(sums[stretch.month]), "url": url}


def _sums(payments: QuerySet[Payment]) -> dict[date, list[Row]]:
    """Return by month what each kind came to in each currency."""
    by_kind = payments.order_by().annotate(month=TruncMonth("paid_at", tzinfo=LONDON))
    sums: dict[date, list[Row]] = defaultdict(list)
    for each in by_kind.values("month", "currency", "kind").annotate(
        net=Sum("net_pence"),
        vat=Sum("vat_pence"),
        gross=Sum("gross_pence"),
        fees=Coalesce(Sum("fee_pence"), 0),
        fees_unknown=Count("pk", filter=Q(fee_pence=None)),
    ):
        sums[each["month"].date()].append(each)
    return sums


def _month(sums: list[Row]) -> Row:
    ours = [each for each in sums if each["currency"] == OUR_CURRENCY]
    kinds = {each["kind"]: each for each in ours}
    invoices = kinds.get(PaymentKind.INVOICE, {})
    whole = {
        name: sum(each[name] for each in ours)
        for name in ("net", "vat", "gross", "fees", "fees_unknown")
    }
    return {
        "invoiced_net": invoices.get("net", 0),
        "invoiced_vat": invoices.get("vat", 0),
        "invoiced": invoices.get("gross", 0),
        "refunded": kinds.get(PaymentKind.REFUND, {}).get("gross", 0),
        "credited": kinds.get(PaymentKind.CREDIT_NOTE, {}).get("gross", 0),
        "disputed": kinds.get(PaymentKind.DISPUTE, {}).get("gross", 0),
        **whole,
        "after_fees": whole["gross"] - whole["fees"],
        "elsewhere": _elsewhere(sums) or None,
    }


def _elsewhere(sums: Iterable[Row]) -> str:
    gross: dict[str, int] = defaultdict(int)
    for each in sums:
        gross[each["currency"]] += each["gross"]
    gross.pop(OUR_CURRENCY, None)
    return "; ".join(in_words(currency, gross[currency]) for currency in sorted(gross))


@register
class Payments(ListReport):
    id = "payments"
    title = "Payments and refunds"
    words = (
        "Each row of the ledger: invoices paid, refunds, credit notes and disputes, by the day on "
        "which the money moved. What left the business is below zero. Payments in other "
        "currencies have their amount with VAT in the last column, and are added to nothing."
    )
    model = Payment
    narrows = frozenset({"tier", "cycle"})
    columns = (
        Column("paid", "When", Kind.MOMENT),
        Column("kind", "Kind"),
        Column("owner", "Owner"),
        Column("what", "For"),
        Column("invoice", "Invoice"),
        Column("net", "Without VAT", Kind.PENCE, adds_up=True),
        Column("vat", "VAT", Kind.PENCE, adds_up=True),
        Column("gross", "With VAT", Kind.PENCE, adds_up=True),
        Column("fee", "Stripe’s fee", Kind.PENCE, adds_up=True),
        Column("after_fee", "Left after the fee", Kind.PENCE, adds_up=True),
        ELSEWHERE,
    )
    nothing = "No money moved in these days."
    sums = {
        name: Case(When(IN_POUNDS, then=what))
        for name, what in {
            "net": F("net_pence"),
            "vat": F("vat_pence"),
            "gross": F("gross_pence"),
            "fee": F("fee_pence"),
            "after_fee": F("gross_pence") - Coalesce(F("fee_pence"), 0),
        }.items()
    }

    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        rows = by_plan(paid_in(start, end), tier, cycle).order_by("paid_at", "pk")
        return rows.select_related("owner__user", "membership__owner__user")

    def row(self, each: Payment) -> Row:
        def in_pounds(amount: int | None) -> int | None:
            return pounds_only(each.currency, amount)

        return {
            "paid": each.paid_at,
            "kind": each.what,
            "owner": payer(each),
            "what": each.description,
            "invoice": each.invoice_number or None,
            "net": in_pounds(each.net_pence),
            "vat": in_pounds(each.vat_pence),
            "gross": in_pounds(each.gross_pence),
            "fee": in_pounds(each.fee_pence),
            "after_fee": in_pounds(each.gross_pence - (each.fee_pence or 0)),
            "elsewhere": elsewhere(each.currency, each.gross_pence),
            "url": reverse("admin:billing_payment_change", args=[each.pk]),
        }

    def notes(self, **asked: Any) -> list[str]:
        unknown = self.found(**asked).filter(fee_pence=None).count()
        if not unknown:
            return []
        rows = "1 row is" if unknown == 1 else f"{unknown:,} rows are"
        return [f"Stripe’s fee of {rows} not known: it counts as nothing until it is."]


def payer(payment: Payment) -> str | None:
    """Of one who was erased, the name that the books must keep."""
    owner = payment.owner or (payment.membership and payment.membership.owner)
    return owner.name if owner else payment.owner_name or None
