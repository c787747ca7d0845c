from datetime import date
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from billing.dunning.causes import reason_for
from billing.models import Episode, Payment, PaymentKind
from billing.revenue.figures import failed
from billing.state import OUR_CURRENCY
from crm.reports.base import ListReport, register
from crm.reports.currencies import ELSEWHERE, elsewhere, pounds_only
from crm.reports.members import ENOUGH_FOR_SHARES, contact_url
from crm.reports.narrowing import by_plan
from crm.reports.table import Column, Kind, Row

RECOVERED, LOST, OPEN = "Recovered", "Lost", "Still failing"


def _where(became: str, amount: F) -> Case:
    condition = Q(became=became, membership__currency=OUR_CURRENCY)
    return Case(When(condition, then=amount), output_field=BigIntegerField())


@register
class FailedPayments(ListReport):
    id = "failed_payments"
    title = "Failed and recovered payments"
    words = (
        "Each invoice once, by the day of its first failure, so that a month settles and later "
        "stays still. Recovered: it was paid afterwards, however that came about, as the ledger "
        "says. Lost: the membership ended with it unpaid, or staff gave it up. The recovery rate "
        "is recovered ÷ (recovered + lost) by number; what still fails is shown and not counted. "
        "Pounds, VAT included."
    )
    model = Episode
    also = (Payment,)
    narrows = frozenset({"tier", "cycle"})
    columns = (
        Column("failed", "First failed", Kind.DAY),
        Column("owner", "Owner"),
        Column("plan", "Plan"),
        Column("why", "Why"),
        Column("tries", "Tries", Kind.COUNT),
        Column("became", "Became"),
        Column("owed", "Owed", Kind.PENCE, adds_up=True),
        Column("recovered", "Recovered", Kind.PENCE, adds_up=True),
        Column("lost", "Lost", Kind.PENCE, adds_up=True),
        Column("open", "Still failing", Kind.PENCE, adds_up=True),
        Column("closed", "Settled", Kind.DAY),
        ELSEWHERE,
    )
    opens_with = "Last 12 months"
    nothing = "No payment failed for the first time in these days."
    sums = {
        "owed": Case(When(membership__currency=OUR_CURRENCY, then=F("amount_pence"))),
        "recovered": _where(RECOVERED, F("paid_pence")),
        "lost": _where(LOST, F("amount_pence")),
        "open": _where(OPEN, F("amount_pence")),
    }

    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        paid = Payment.objects.filter(
            kind=PaymentKind.INVOICE, stripe_invoice_id=OuterRef("stripe_invoice_id")
        ).order_by("pk")
        became = Case(
            When(Exists(paid), then=Value(RECOVERED)),
            When(closed_at=None, then=Value(OPEN)),
            default=Value(LOST),
        )
        rows = by_plan(failed(start, end), tier, cycle).annotate(
            became=became,
            paid_pence=Subquery(paid.values("gross_pence")[:1]),
            settled_at=F("closed_at"),
        )
        joined = rows.select_related("membership__owner__user__crm_record", "membership__tier")
        return joined.order_by("first_failed_at", "pk")

    def row(self, each: Any) -> Row:
        membership = each.membership
        currency, amount = membership.currency, each.amount_pence
        owed = pounds_only(currency, amount)
        return {
            "failed": each.first_failed_at,
            "owner": membership.owner.name if membership.owner else None,
            "plan": f"{membership.tier.name} {membership.get_billing_cycle_display().lower()}",
            "why": reason_for(each.decline_code).staff,
            "tries": each.attempt_count,
            "became": each.became,
            "owed": owed,
            "recovered": pounds_only(currency, each.paid_pence),
            "lost": owed if each.became == LOST else None,
            "open": owed if each.became == OPEN else None,
            "closed": each.closed_at,
            "elsewhere": elsewhere(currency, amount),
            "url": contact_url(membership.owner),
        }

    def notes(self, **asked: Any) -> list[str]:
        counted = self.found(**asked).order_by().values("became").annotate(Count("pk"))
        many = dict(counted.values_list("became", "pk__count"))
        recovered, lost = many.get(RECOVERED, 0), many.get(LOST, 0)
        return [_rate(recovered, recovered + lost)]


def _rate(recovered: int, settled: int) -> str:
    if not settled:
        return "Recovery rate: not enough data, nothing of these days is settled."
    counts = f"{recovered:,} of {settled:,} that are settled"
    if settled < ENOUGH_FOR_SHARES:
        return f"Recovered: {counts}."
    return f"Recovery rate: {100 * recovered / settled:.1f} % ({counts})."
