"""Cash, what was recovered, and renewals. Cash is VAT included, and never mixed with MRR."""

from datetime import timedelta

from django.db.models import Count, QuerySet, Sum

from billing.models import Episode, Membership, Outcome, Payment, PaymentKind
from billing.revenue import figures
from billing.revenue import monthly as kept
from billing.state import OUR_CURRENCY
from crm.figures.base import Figure, Part, Scope, add
from crm.figures.listing import (
    DUE_COLUMNS,
    PAYMENT_COLUMNS,
    RENEWAL_COLUMNS,
    listed_payments,
    listed_renewals,
)
from crm.reports.table import Kind

RENEWAL_DAYS = 60

FLOWS = {
    PaymentKind.INVOICE: "Invoices paid",
    PaymentKind.CREDIT_NOTE: "Credit notes",
    PaymentKind.REFUND: "Refunds",
    PaymentKind.DISPUTE: "Disputes",
}


# --- Cash -----------------------------------------------------------------------------------------


def _cash(scope: Scope) -> QuerySet[Payment]:
    return figures.cash(scope.month, scope.end)


def _flow(scope: Scope) -> QuerySet[Payment]:
    return figures.cash(scope.month, scope.end, PaymentKind(scope.details["flow"]))


def cash_by_kind(scope: Scope) -> dict[str, int]:
    sums = kept.cash(scope.month, scope.end).get(scope.month, {})
    ours = ((kind, each) for (kind, currency), each in sums.items() if currency == OUR_CURRENCY)
    return {kind: each["gross_pence"] for kind, each in ours}


def _cash_formula(scope: Scope) -> list[Part]:
    sums = cash_by_kind(scope)
    flows = [
        Part(name, sums.get(kind, 0), Kind.PENCE, "cash_flow", sign, {"flow": kind.value})
        for sign, (kind, name) in zip(("", "+", "+", "+"), FLOWS.items(), strict=True)
    ]
    return [*flows, Part("Cash in", sum(sums.values()), Kind.PENCE, sign="=")]


CASH = add(
    Figure(
        id="cash",
        title="Cash in",
        words="What owners paid in the month less what they got back, VAT included and before "
        "Stripe's fees. A year paid at once stands here whole in its month, and by twelfths in the "
        "recurring revenue: the two are never the same.",
        kind=Kind.PENCE,
        columns=PAYMENT_COLUMNS,
        value=lambda scope: sum(cash_by_kind(scope).values()),
        rows=lambda scope: listed_payments(_cash(scope), "gross_pence"),
        adds="gross_pence",
        formula=_cash_formula,
    )
)

CASH_FLOW = add(
    Figure(
        id="cash_flow",
        title="Cash in",
        words="One kind of money that came in (above zero) or went back (below zero) in the month, "
        "VAT included.",
        kind=Kind.PENCE,
        columns=PAYMENT_COLUMNS,
        value=lambda scope: cash_by_kind(scope).get(scope.details["flow"], 0),
        rows=lambda scope: listed_payments(_flow(scope), "gross_pence"),
        adds="gross_pence",
        details=("flow",),
    )
)


# --- Recovered ------------------------------------------------------------------------------------


def _recovered(scope: Scope) -> QuerySet[Payment]:
    return figures.recovered_payments(scope.month, scope.end)


def recovered(scope: Scope) -> tuple[int, int]:
    """Return how much and how many."""
    sums = _recovered(scope).totals()
    return sums["gross_pence"] or 0, sums["rows"]


def _recovered_formula(scope: Scope) -> list[Part]:
    failed = figures.failed(scope.month, scope.end)
    lost = failed.exclude(closed_at=None).exclude(outcome=Outcome.PAID)
    amount, count = recovered(scope)
    return [
        Part("Payments that failed first in the month", failed.count(), Kind.COUNT),
        Part("Of them still failing", _still(failed).count(), Kind.COUNT),
        Part("Of them lost", lost.count(), Kind.COUNT),
        Part("Of them paid", count, Kind.COUNT, "recovered_count"),
        Part("Recovered", amount, Kind.PENCE, sign="="),
    ]


def _still(failed: QuerySet[Episode]) -> QuerySet[Episode]:
    return failed.filter(closed_at=None)


RECOVERED = add(
    Figure(
        id="recovered",
        title="Recovered",
        words="What was paid after it had failed, VAT included, in the month of the first failure: "
        "so a month settles and then stays as it is.",
        kind=Kind.PENCE,
        columns=PAYMENT_COLUMNS,
        value=lambda scope: recovered(scope)[0],
        rows=lambda scope: listed_payments(_recovered(scope), "gross_pence"),
        adds="gross_pence",
        formula=_recovered_formula,
    )
)

RECOVERED_COUNT = add(
    Figure(
        id="recovered_count",
        title="Payments recovered",
        words="Payments that failed first in the month and were made since.",
        kind=Kind.COUNT,
        columns=PAYMENT_COLUMNS,
        value=lambda scope: recovered(scope)[1],
        rows=lambda scope: listed_payments(_recovered(scope)),
    )
)


# --- Renewals -------------------------------------------------------------------------------------


def _renewing(scope: Scope) -> QuerySet[Membership]:
    until = scope.today + timedelta(days=RENEWAL_DAYS)
    due = figures.renewing(scope.today, until)
    return due.filter(billing_cycle=scope.details["cycle"])


RENEWALS = add(
    Figure(
        id="renewals",
        title=f"Renewals in the next {RENEWAL_DAYS} days",
        words=f"The next renewals of memberships from today on, at their price without VAT, in "
        f"{RENEWAL_DAYS} days. Of a monthly membership it is the next one alone; who is to leave "
        "is not in it.",
        kind=Kind.PENCE,
        columns=RENEWAL_COLUMNS,
        value=lambda scope: figures.price(_renewing(scope)),
        rows=lambda scope: listed_renewals(_renewing(scope), "net_pence"),
        adds="net_pence",
        details=("cycle",),
    )
)

RENEWALS_COUNT = add(
    Figure(
        id="renewals_count",
        title=f"Number of renewals in the next {RENEWAL_DAYS} days",
        words=f"Memberships whose next renewal is within {RENEWAL_DAYS} days of today.",
        kind=Kind.COUNT,
        columns=RENEWAL_COLUMNS,
        value=lambda scope: _renewing(scope).count(),
        rows=lambda scope: listed_renewals(_renewing(scope)),
        details=("cycle",),
    )
)


# --- Yearly renewals ------------------------------------------------------------------------------


def _due(scope: Scope) -> QuerySet[Payment]:
    """Those of the month; of the running one, those that fell due until today."""
    until = scope.day + timedelta(days=1)
    return figures.yearly_due(scope.month, until).annotate(renewed=figures.was_renewed())


def _renewed(scope: Scope) -> QuerySet[Payment]:
    return _due(scope).filter(renewed=1)


def renewed_of_due(scope: Scope) -> tuple[int, int]:
    numbers = _due(scope).order_by().aggregate(paid_again=Sum("renewed"), due=Count("pk"))
    return numbers["paid_again"] or 0, numbers["due"]


def _rate_formula(scope: Scope) -> list[Part]:
    renewed, due = renewed_of_due(scope)
    return [
        Part("Renewed", renewed, Kind.COUNT, "renewed"),
        Part("Due", due, Kind.COUNT, "due", "÷"),
    ]


DUE = add(
    Figure(
        id="due",
        title="Yearly memberships due",
        words="Yearly memberships whose paid year ran out in the month while they still ran.",
        kind=Kind.COUNT,
        columns=DUE_COLUMNS,
        value=lambda scope: _due(scope).count(),
        rows=lambda scope: listed_payments(_due(scope), by="period_end"),
    )
)

RENEWED = add(
    Figure(
        id="renewed",
        title="Yearly memberships renewed",
        words="Yearly memberships due in the month for which the time after that was paid too.",
        kind=Kind.COUNT,
        columns=DUE_COLUMNS,
        value=lambda scope: _renewed(scope).count(),
        rows=lambda scope: listed_payments(_renewed(scope), by="period_end"),
    )
)

RENEWAL_RATE = add(
    Figure(
        id="renewal_rate",
        title="Yearly renewal rate",
        words="Of the yearly memberships whose paid year ran out in the month, the share that was "
        "paid for again. Monthly churn hides them: they can leave only once a year.",
        kind=Kind.SHARE,
        columns=DUE_COLUMNS,
        value=lambda scope: figures.share(*renewed_of_due(scope)),
        rows=lambda scope: listed_payments(_due(scope), "renewed", by="period_end"),
        adds="renewed",
        formula=_rate_formula,
    )
)
