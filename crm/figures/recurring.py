"""What recurs, as it stood at the end of a day: MRR, members, what is at risk, who is leaving."""

from django.db.models import QuerySet

from billing.models.revenue import GAINS, Movement, RevenueSpan
from billing.revenue import figures
from billing.revenue import monthly as kept
from billing.revenue.figures import monthly
from crm.figures.base import Figure, Part, Scope, add
from crm.figures.listing import (
    LEAVING_COLUMNS,
    MEMBER_COLUMNS,
    SPAN_COLUMNS,
    Listed,
    listed_leaving,
    listed_spans,
)
from crm.figures.standing import Worth, worth
from crm.reports.table import Kind


def by_twelfths(name: str, annual_pence: int) -> list[Part]:
    """Write how a sum of a year becomes that of a month."""
    return [
        Part(f"{name}, a year", annual_pence, Kind.PENCE),
        Part("A twelfth of that", monthly(annual_pence), Kind.PENCE, sign="÷ 12 ="),
    ]


# --- MRR ------------------------------------------------------------------------------------------


def _mrr(scope: Scope) -> int:
    return monthly(kept.opening(scope.end)[0])


def _mrr_formula(scope: Scope) -> list[Part]:
    rate, _ = kept.opening(scope.month)
    moved = kept.moved(scope.month, scope.end).get(scope.month, {})
    sums = {kind: moved.get(kind, kept.Moved()).amount_pence for kind in Movement}
    closing = rate + sum(sums[kind] if kind in GAINS else -sums[kind] for kind in Movement)
    opening = Part(
        "At the end of the month before, a year",
        rate,
        Kind.PENCE,
        "mrr",
        month=scope.previous,
    )
    movements = [
        Part(
            f"{kind.label}, a year",
            sums[kind],
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
        Part("Now, a year", closing, Kind.PENCE, sign="="),
        Part("A twelfth of that", monthly(closing), Kind.PENCE, sign="÷ 12 ="),
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
    return kept.opening(scope.end)[1]


def _members_formula(scope: Scope) -> list[Part]:
    _, opening = kept.opening(scope.month)
    came_or_went = [
        (Movement.NEW, "New", "+"),
        (Movement.REACTIVATION, "Came back", "+"),
        (Movement.RESUMED, "Ended a pause", "+"),
        (Movement.CHURN, "Left", "−"),
        (Movement.PAUSED, "Paused", "−"),
    ]
    moved = kept.moved(scope.month, scope.end).get(scope.month, {})
    return [
        Part(
            "At the end of the month before", opening, Kind.COUNT, "members", month=scope.previous
        ),
        *(
            Part(
                name,
                moved.get(kind, kept.Moved()).changes,
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


def _at_risk(scope: Scope) -> Worth:
    return worth(scope, figures.at_risk(scope.day), lambda each: each.is_at_risk)


AT_RISK = add(
    Figure(
        id="at_risk",
        title="At risk",
        words="The part of the recurring revenue a month whose payment is failing. It counts until "
        "Stripe gives up and ends the membership.",
        kind=Kind.PENCE,
        columns=SPAN_COLUMNS,
        value=lambda scope: monthly(_at_risk(scope)[0]),
        rows=lambda scope: listed_spans(figures.at_risk(scope.day), "annual_pence"),
        adds="annual_pence",
        from_rows=monthly,
        formula=lambda scope: by_twelfths("Memberships whose payment fails", _at_risk(scope)[0]),
    )
)

AT_RISK_COUNT = add(
    Figure(
        id="at_risk_count",
        title="Memberships at risk",
        words="Memberships whose payment is failing.",
        kind=Kind.COUNT,
        columns=SPAN_COLUMNS,
        value=lambda scope: _at_risk(scope)[1],
        rows=lambda scope: listed_spans(figures.at_risk(scope.day)),
    )
)


# --- Leaving soon ---------------------------------------------------------------------------------


def _leaving(scope: Scope) -> Worth:
    return worth(scope, figures.leaving(scope.day), lambda each: each.is_leaving)


def _leaving_formula(scope: Scope) -> list[Part]:
    running, leaving = kept.opening(scope.end)[0], _leaving(scope)[0]
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
        value=lambda scope: monthly(_leaving(scope)[0]),
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
        value=lambda scope: _leaving(scope)[1],
        rows=lambda scope: listed_leaving(figures.leaving(scope.day)),
    )
)


# --- By plan --------------------------------------------------------------------------------------


def _of_tier(scope: Scope) -> QuerySet[RevenueSpan]:
    return figures.paying(scope.day).filter(tier=scope.details["tier"])


def _worth_of_tier(scope: Scope) -> int:
    tier = scope.details["tier"]
    return worth(scope, _of_tier(scope), lambda each: each.tier == tier)[0]


def _count_of_plan(scope: Scope) -> int:
    plan = scope.details["tier"], scope.details["cycle"]
    return worth(scope, _of_plan(scope), lambda each: (each.tier, each.cycle) == plan)[1]


def _of_plan(scope: Scope) -> QuerySet[RevenueSpan]:
    return _of_tier(scope).filter(cycle=scope.details["cycle"])


MRR_OF_TIER = add(
    Figure(
        id="tier_mrr",
        title="Recurring revenue a month of one tier",
        words="The part of the recurring revenue a month that memberships of one tier bring.",
        kind=Kind.PENCE,
        columns=SPAN_COLUMNS,
        value=lambda scope: monthly(_worth_of_tier(scope)),
        rows=lambda scope: listed_spans(_of_tier(scope), "annual_pence"),
        adds="annual_pence",
        from_rows=monthly,
        formula=lambda scope: by_twelfths("Memberships of the tier", _worth_of_tier(scope)),
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
        value=_count_of_plan,
        rows=lambda scope: listed_spans(_of_plan(scope)),
        details=("tier", "cycle"),
    )
)
