"""What moved in a month: recurring revenue by kind, who left and why, and the cohorts."""

from datetime import date

from django.db.models import BigIntegerField, Case, F, QuerySet, When

from billing.models.revenue import LOSSES, RevenueChange, RevenueSpan
from billing.revenue import figures
from billing.revenue import monthly as kept
from billing.revenue.figures import monthly
from crm.figures.base import Figure, Part, Scope, add
from crm.figures.listing import (
    CHANGE_COLUMNS,
    CHURN_COLUMNS,
    MEMBER_COLUMNS,
    listed_changes,
    listed_spans,
)
from crm.figures.recurring import by_twelfths
from crm.reports.table import Kind

SIGNED = Case(
    When(kind__in=LOSSES, then=-F("amount_pence")),
    default=F("amount_pence"),
    output_field=BigIntegerField(),
)

KINDS_IN_WORDS = (
    "New is a first membership; expansion and contraction are a member's dearer or cheaper terms; "
    "churn is the end of a member's last membership, on the day it ends; reactivation is a return "
    "after that; paused and resumed are what they say. All of an owner's changes of one day count "
    "as one, by their difference."
)


def _moved(scope: Scope) -> QuerySet[RevenueChange]:
    return figures.in_between(RevenueChange.objects.all(), scope.month, scope.end)


def _of_kind(scope: Scope) -> QuerySet[RevenueChange]:
    return _moved(scope).filter(kind=scope.details["kind"])


def _kept(scope: Scope) -> kept.Moved:
    moved = kept.moved(scope.month, scope.end).get(scope.month, {})
    return moved.get(scope.details["kind"], kept.Moved())


# --- The month as a whole -------------------------------------------------------------------------


def _difference(scope: Scope) -> int:
    return kept.opening(scope.end)[0] - kept.opening(scope.month)[0]


def _difference_formula(scope: Scope) -> list[Part]:
    opening, closing = kept.opening(scope.month)[0], kept.opening(scope.end)[0]
    return [
        Part("At the end of the month, or now, a year", closing, Kind.PENCE, "mrr"),
        Part(
            "At the end of the month before, a year",
            opening,
            Kind.PENCE,
            "mrr",
            "−",
            month=scope.previous,
        ),
        Part("Difference, a year", closing - opening, Kind.PENCE, sign="="),
        Part("A twelfth of that", monthly(closing - opening), Kind.PENCE, sign="÷ 12 ="),
    ]


CHANGE = add(
    Figure(
        id="mrr_change",
        title="Change of the recurring revenue a month",
        words="By how much the recurring revenue a month has grown since the end of the month "
        f"before: the sum of all movements, losses below zero. {KINDS_IN_WORDS}",
        kind=Kind.PENCE,
        columns=CHANGE_COLUMNS,
        value=lambda scope: monthly(_difference(scope)),
        rows=lambda scope: listed_changes(_moved(scope).annotate(signed=SIGNED), "signed"),
        adds="amount",
        from_rows=monthly,
        formula=_difference_formula,
    )
)

# --- By kind --------------------------------------------------------------------------------------

MOVEMENT = add(
    Figure(
        id="movement",
        title="Movement of the recurring revenue a month",
        words=f"The movements of one kind in the month. {KINDS_IN_WORDS}",
        kind=Kind.PENCE,
        columns=CHANGE_COLUMNS,
        value=lambda scope: monthly(_kept(scope).amount_pence),
        rows=lambda scope: listed_changes(_of_kind(scope), "amount_pence"),
        adds="amount",
        from_rows=monthly,
        formula=lambda scope: by_twelfths("All of them", _kept(scope).amount_pence),
        details=("kind",),
    )
)

MOVEMENT_COUNT = add(
    Figure(
        id="movement_count",
        title="Number of movements",
        words="How often members moved in this way in the month; who left, came back and left "
        f"again did so twice. {KINDS_IN_WORDS}",
        kind=Kind.COUNT,
        columns=CHANGE_COLUMNS,
        value=lambda scope: _kept(scope).changes,
        rows=lambda scope: listed_changes(_of_kind(scope)),
        details=("kind",),
    )
)

FREED = add(
    Figure(
        id="freed",
        title="Members who became free of charge",
        words="Members who paid, and whose membership goes on without bringing anything: a full "
        "discount, or a new trial. Their revenue is a contraction, not churn.",
        kind=Kind.COUNT,
        columns=CHANGE_COLUMNS,
        value=lambda scope: figures.freed(scope.month, scope.end).count(),
        rows=lambda scope: listed_changes(figures.freed(scope.month, scope.end)),
    )
)


# --- Churn by reason ------------------------------------------------------------------------------


def _left(scope: Scope) -> QuerySet[RevenueChange]:
    return figures.churned(scope.month, scope.end).filter(reason=scope.details["reason"])


def _lost(scope: Scope) -> kept.Moved:
    left = kept.churn_reasons(scope.month, scope.end).get(scope.month, {})
    return left.get(scope.details["reason"], kept.Moved())


CHURN_OF_REASON = add(
    Figure(
        id="churn",
        title="Recurring revenue lost",
        words="What members who left in the month had brought a month, by the reason that Stripe "
        "knows: they left themselves, their payment failed to the end, or they disputed it. Each "
        "counts on the day the membership ends, not on the day it was cancelled.",
        kind=Kind.PENCE,
        columns=CHURN_COLUMNS,
        value=lambda scope: monthly(_lost(scope).amount_pence),
        rows=lambda scope: listed_changes(_left(scope), "amount_pence"),
        adds="amount",
        from_rows=monthly,
        formula=lambda scope: by_twelfths("All who left so", _lost(scope).amount_pence),
        details=("reason",),
    )
)

CHURN_COUNT = add(
    Figure(
        id="churn_count",
        title="Members who left",
        words="Members whose last membership ended in the month, by the reason that Stripe knows.",
        kind=Kind.COUNT,
        columns=CHURN_COLUMNS,
        value=lambda scope: _lost(scope).changes,
        rows=lambda scope: listed_changes(_left(scope)),
        details=("reason",),
    )
)


# --- Cohorts --------------------------------------------------------------------------------------


def cohort_of(scope: Scope) -> date:
    return date.fromisoformat(f"{scope.details['cohort']}-01")


def _staying(scope: Scope) -> QuerySet[RevenueSpan]:
    return figures.of_cohort(figures.paying(scope.day), cohort_of(scope))


def _staying_count(scope: Scope) -> int:
    steps = kept.cohort_steps().get(cohort_of(scope), {})
    return sum(number for month, number in steps.items() if month < scope.end)


COHORT = add(
    Figure(
        id="cohort",
        title="Members of one cohort who still pay",
        words="A cohort is all members whose first recurring revenue fell in one month. Shown is "
        "how many of them pay at the end of this month; who left and came back counts again.",
        kind=Kind.COUNT,
        columns=MEMBER_COLUMNS,
        value=_staying_count,
        rows=lambda scope: listed_spans(figures.one_of_each(_staying(scope))),
        details=("cohort",),
    )
)
