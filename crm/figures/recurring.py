"""What recurs, as it stood at the end of a day: MRR, members, what is at risk, who is leaving."""

from django.db.models import QuerySet

from billing.models.revenue import GAINS, Movement, RevenueSpan
from billing.revenue import figures
from billing.revenue.figures import DAY, monthly
from crm.figures.base import Figure, Part, Scope, add
from crm.figures.listing import (
    LEAVING_COLUMNS,
    MEMBER_COLUMNS,
    SPAN_COLUMNS,
    Listed,
    listed_leaving,
    listed_spans,
)
from crm.reports.table import Kind


def by_twelfths(name: str, annual_pence: int) -> list[Part]:
    """Write how a sum of a year becomes that of a month."""
    return [
        Part(f"{name}, a year", annual_pence, Kind.PENCE),
        Part("A twelfth of that", monthly(annual_pence), Kind.PENCE, sign="÷ 12 ="),
    ]


# --- MRR ------------------------------------------------------------------------------------------


def _mrr(scope: Scope) -> int:
    return monthly(figures.running_rate(scope.day))


def _mrr_formula(scope: Scope) -> list[Part]:
    moved = figures.movements(scope.month, scope.end)
    opening = Part(
        "At the end of the month before, a year",
        moved["opening"],
        Kind.PENCE,
        "mrr",
        month=scope.previous,
    )
    movements = [
        Part(
            f"{kind.label}, a year",
            moved[kind],
            Kind.PENCE,
            "movement",
            "+" if kind in GAINS else "−",
            {"kind": kind.value},
        )
        for kind in Movement
    ]
    return [
        opening,
        *movements,
        Part("Now, a year", moved["closing"], Kind.PENCE, sign="="),
        Part("A twelfth of that", monthly(moved["closing"]), Kind.PENCE, sign="÷ 12 ="),
    ]


def _paying(scope: Scope) -> Listed:
    return listed_spans(figures.paying(scope.day), "annual_pence")


MRR = add(
    Figure(
        id="mrr",
        title="Recurring revenue a month",
        words="What all paying memberships bring a month, without VAT: a monthly price as it is, a "
        "yearly price by its twelfth, lasting discounts taken off. A failing payment still "
        "counts, as at risk; trials, pauses and free memberships count nothing.",
        kind=Kind.PENCE,
        columns=SPAN_COLUMNS,
        value=_mrr,
        rows=_paying,
        adds="annual_pence",
        from_rows=monthly,
        formula=_mrr_formula,
    )
)


# --- Members --------------------------------------------------------------------------------------


def _members(scope: Scope) -> int:
    return figures.heads(figures.paying(scope.day))


def _members_formula(scope: Scope) -> list[Part]:
    opening = figures.heads(figures.paying(scope.month - DAY))
    came_or_went = [
        (Movement.NEW, "New", "+"),
        (Movement.REACTIVATION, "Came back", "+"),
        (Movement.RESUMED, "Ended a pause", "+"),
        (Movement.CHURN, "Left", "−"),
        (Movement.PAUSED, "Paused", "−"),
    ]
    moved = figures.by_month(scope.month, scope.end)
    return [
        Part(
            "At the end of the month before", opening, Kind.COUNT, "members", month=scope.previous
        ),
        *(
            Part(
                name,
                moved.get((scope.month, kind), (0, 0))[1],
                Kind.COUNT,
                "movement_count",
                sign,
                {"kind": kind.value},
            )
            for kind, name, sign in came_or_went
        ),
        Part(
            "Became free of charge",
            figures.freed(scope.month, scope.end).count(),
            Kind.COUNT,
            "freed",
            "−",
        ),
        Part("Now", _members(scope), Kind.COUNT, sign="="),
    ]


MEMBERS = add(
    Figure(
        id="members",
        title="Paying members",
        words="Owners with at least one membership that brings recurring revenue. An owner with "
        "two houses is one member. The list names one membership of each.",
        kind=Kind.COUNT,
        columns=MEMBER_COLUMNS,
        value=_members,
        rows=lambda scope: listed_spans(figures.one_of_each(figures.paying(scope.day))),
        formula=_members_formula,
    )
)


# --- At risk --------------------------------------------------------------------------------------


def _at_risk(scope: Scope) -> int:
    return figures.total(figures.at_risk(scope.day))


AT_RISK = add(
    Figure(
        id="at_risk",
        title="At risk",
        words="The part of the recurring revenue a month whose payment is failing. It counts until "
        "Stripe gives up and ends the membership.",
        kind=Kind.PENCE,
        columns=SPAN_COLUMNS,
        value=lambda scope: monthly(_at_risk(scope)),
        rows=lambda scope: listed_spans(figures.at_risk(scope.day), "annual_pence"),
        adds="annual_pence",
        from_rows=monthly,
        formula=lambda scope: by_twelfths("Memberships whose payment fails", _at_risk(scope)),
    )
)

AT_RISK_COUNT = add(
    Figure(
        id="at_risk_count",
        title="Memberships at risk",
        words="Memberships whose payment is failing.",
        kind=Kind.COUNT,
        columns=SPAN_COLUMNS,
        value=lambda scope: figures.at_risk(scope.day).count(),
        rows=lambda scope: listed_spans(figures.at_risk(scope.day)),
    )
)


# --- Leaving soon ---------------------------------------------------------------------------------


def _leaving(scope: Scope) -> int:
    return figures.total(figures.leaving(scope.day))


def _leaving_formula(scope: Scope) -> list[Part]:
    running, leaving = figures.running_rate(scope.day), _leaving(scope)
    return [
        Part("All recurring revenue, a year", running, Kind.PENCE, "mrr"),
        Part("What stays, a year", figures.committed(scope.day), Kind.PENCE, sign="−"),
        Part("Leaving, a year", leaving, Kind.PENCE, sign="="),
        Part("A twelfth of that", monthly(leaving), Kind.PENCE, sign="÷ 12 ="),
    ]


LEAVING = add(
    Figure(
        id="leaving",
        title="Leaving soon",
        words="The part of the recurring revenue a month that is to end: the member has cancelled, "
        "and what was paid for has not run out. Until then it counts, and so does the member.",
        kind=Kind.PENCE,
        columns=LEAVING_COLUMNS,
        value=lambda scope: monthly(_leaving(scope)),
        rows=lambda scope: listed_leaving(figures.leaving(scope.day), "annual_pence"),
        adds="annual_pence",
        from_rows=monthly,
        formula=_leaving_formula,
    )
)

LEAVING_COUNT = add(
    Figure(
        id="leaving_count",
        title="Memberships leaving soon",
        words="Memberships that are to end.",
        kind=Kind.COUNT,
        columns=LEAVING_COLUMNS,
        value=lambda scope: figures.leaving(scope.day).count(),
        rows=lambda scope: listed_leaving(figures.leaving(scope.day)),
    )
)


# --- By plan --------------------------------------------------------------------------------------


def _of_tier(scope: Scope) -> QuerySet[RevenueSpan]:
    return figures.paying(scope.day).filter(tier=scope.details["tier"])


def _of_plan(scope: Scope) -> QuerySet[RevenueSpan]:
    return _of_tier(scope).filter(cycle=scope.details["cycle"])


MRR_OF_TIER = add(
    Figure(
        id="tier_mrr",
        title="Recurring revenue a month of one tier",
        words="The part of the recurring revenue a month that memberships of one tier bring.",
        kind=Kind.PENCE,
        columns=SPAN_COLUMNS,
        value=lambda scope: monthly(figures.total(_of_tier(scope))),
        rows=lambda scope: listed_spans(_of_tier(scope), "annual_pence"),
        adds="annual_pence",
        from_rows=monthly,
        formula=lambda scope: by_twelfths(
            "Memberships of the tier", figures.total(_of_tier(scope))
        ),
        details=("tier",),
    )
)

MEMBERSHIPS_OF_PLAN = add(
    Figure(
        id="plan_count",
        title="Paying memberships of one plan",
        words="Memberships of one tier and cycle that bring recurring revenue. An owner with two "
        "houses has two.",
        kind=Kind.COUNT,
        columns=SPAN_COLUMNS,
        value=lambda scope: _of_plan(scope).count(),
        rows=lambda scope: listed_spans(_of_plan(scope)),
        details=("tier", "cycle"),
    )
)
