"""The rates of recurring revenue: pure and exact, rounded only by who shows them.

Each formula has its name, its definition in words and itself as text, for the page that explains a
figure. Amounts of one formula are in the same unit, heads are owners. What cannot be said, as
there is nothing to divide by, is None: never 0 and never infinite.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

Number = int | Fraction
Rate = Fraction | None


@dataclass(frozen=True)
class Formula:
    """One definition: called with its figures by name, it gives the exact value or None."""

    name: str
    words: str
    text: str
    work_out: Callable[..., Any]

    def __call__(self, **figures: Any) -> Any:
        return self.work_out(**figures)


def rounded(value: Number | None, places: int) -> Decimal | None:
    """Return what is shown, half rounded up, away from zero."""
    if value is None:
        return None
    scaled = Fraction(value) * 10**places
    whole = int(abs(scaled) + Fraction(1, 2)) * (1 if scaled >= 0 else -1)
    return Decimal(whole).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _share(part: Number, whole: Number) -> Rate:
    return Fraction(part) / Fraction(whole) if whole else None


def _rest(rate: Rate) -> Rate:
    return None if rate is None else 1 - rate


# --- Movement -------------------------------------------------------------------------------------


def _closing(
    opening: int,
    new: int = 0,
    expansion: int = 0,
    reactivation: int = 0,
    resumed: int = 0,
    contraction: int = 0,
    churn: int = 0,
    paused: int = 0,
    other: int = 0,
) -> int:
    gained = new + expansion + reactivation + resumed + other
    return opening + gained - contraction - churn - paused


def _gross_churn(opening: Number, churn: Number, contraction: Number) -> Rate:
    return _share(churn + contraction, opening)


def _net_churn(opening: Number, churn: Number, contraction: Number, expansion: Number) -> Rate:
    return _share(churn + contraction - expansion, opening)


CLOSING = Formula(
    "Closing",
    "What recurred at the opening, and all that moved in the month.",
    "opening + new + expansion + reactivation + resumed − contraction − churn − paused",
    _closing,
)
GROSS_CHURN = Formula(
    "Gross churn",
    "How much of what recurred at the opening was lost in the month, by ends and by lower prices.",
    "(churn + contraction) ÷ opening",
    _gross_churn,
)
NET_CHURN = Formula(
    "Net churn",
    "Gross churn less what the remaining members pay more. Returning members are left out: they "
    "were not there at the opening. Below zero where more was added than lost.",
    "(churn + contraction − expansion) ÷ opening",
    _net_churn,
)
GROSS_RETENTION = Formula(
    "Gross retention",
    "How much of what recurred at the opening was kept, at most all of it.",
    "1 − gross churn",
    lambda **figures: _rest(_gross_churn(**figures)),
)
NET_RETENTION = Formula(
    "Net retention",
    "How much of what recurred at the opening was kept or replaced by the same members.",
    "1 − net churn",
    lambda **figures: _rest(_net_churn(**figures)),
)
QUICK_RATIO = Formula(
    "Quick ratio",
    "How much was won for each pound lost: above 1 recurring revenue grew.",
    "(new + expansion + reactivation) ÷ (churn + contraction)",
    lambda new, expansion, reactivation, churn, contraction: _share(
        new + expansion + reactivation, churn + contraction
    ),
)
INVOLUNTARY_SHARE = Formula(
    "Share of failed payments",
    "How much of what churned was lost to payments that failed.",
    "churn by failed payments ÷ churn",
    lambda churn_by_failed_payments, churn: _share(churn_by_failed_payments, churn),
)

# --- Members --------------------------------------------------------------------------------------

LOGO_CHURN = Formula(
    "Members lost",
    "How many of the members who paid at the opening no longer did at the closing. Who joined and "
    "left within the month, or left and came back in it, is not among them.",
    "members lost ÷ members at the opening",
    lambda lost, opening_members: _share(lost, opening_members),
)
ARPA = Formula(
    "Average per member",
    "What a paying member brings a month.",
    "closing MRR ÷ paying members at the closing",
    lambda closing_mrr, closing_members: _share(closing_mrr, closing_members),
)
LTV = Formula(
    "Lifetime value",
    "What a member will have brought by the end, if as many go on leaving as did on average over "
    "the six full months before. Not known where nobody left.",
    "average per member ÷ average share of members lost",
    lambda arpa, logo_churn: _share(arpa, logo_churn) if arpa is not None and logo_churn else None,
)
RENEWAL_RATE = Formula(
    "Yearly renewal rate",
    "How many of the yearly memberships due in the month were renewed.",
    "renewed ÷ due",
    lambda renewed, due: _share(renewed, due),
)
COHORT_MEMBERS = Formula(
    "Members kept",
    "How many of those who first paid in one month pay at the end of a later one. Who left and "
    "came back counts again.",
    "paying now ÷ joined",
    lambda paying, joined: _share(paying, joined),
)
COHORT_REVENUE = Formula(
    "Revenue kept",
    "What those who first paid in one month bring at the end of a later one, against what they "
    "brought then. More than all of it where they pay more.",
    "recurring now ÷ recurring at first",
    lambda recurring_now, recurring_at_first: _share(recurring_now, recurring_at_first),
)

# --- Failed payments ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recovery:
    """What became of invoices whose first failure fell in a month: pence, and exact rates."""

    failed: int
    recovered: int
    lost: int
    open: int
    rate: Rate
    rate_of_all: Rate
    rate_by_count: Rate


def _recovery(recovered: Iterable[int], lost: Iterable[int], still_open: Iterable[int]) -> Recovery:
    paid, gone, waiting = list(recovered), list(lost), list(still_open)
    failed = sum((*paid, *gone, *waiting))
    return Recovery(
        failed=failed,
        recovered=sum(paid),
        lost=sum(gone),
        open=sum(waiting),
        rate=_share(sum(paid), sum(paid) + sum(gone)),
        rate_of_all=_share(sum(paid), failed),
        rate_by_count=_share(len(paid), len(paid) + len(gone)),
    )


RECOVERY = Formula(
    "Recovered payments",
    "How much of what failed was paid later, in the month of the first failure. What is still open "
    "is shown, and not counted.",
    "recovered ÷ (recovered + lost)",
    _recovery,
)

# --- Cash, and Stripe's own figure ----------------------------------------------------------------

NET_ACTIVITY = Formula(
    "Net activity",
    "What the month's charges left at Stripe after all that was taken from them.",
    "charges − refunds − disputes − fees",
    lambda charges, refunds, disputes, fees: charges - refunds - disputes - fees,
)
STRIPE_BALANCE = Formula(
    "Balance at Stripe",
    "What waits at Stripe at the closing: payouts drain it, and equal no set of invoices.",
    "opening balance + net activity − paid out",
    lambda opening_balance, net_activity, paid_out: opening_balance + net_activity - paid_out,
)
STRIPES_FIGURE = Formula(
    "MRR in Stripe's dashboard",
    "Our MRR with each thing that Stripe counts in another way; which of them apply follows from "
    "the settings of the Stripe account.",
    "ours − ending but still counted here + discounts only we subtract + paused + other currencies "
    "+ not heard of yet",
    lambda ours, scheduled_to_end=0, discounts=0, paused=0, other_currency=0, not_yet_synced=0: (
        ours - scheduled_to_end + discounts + paused + other_currency + not_yet_synced
    ),
)

FORMULAS = {
    "closing": CLOSING,
    "gross_churn": GROSS_CHURN,
    "net_churn": NET_CHURN,
    "gross_retention": GROSS_RETENTION,
    "net_retention": NET_RETENTION,
    "quick_ratio": QUICK_RATIO,
    "involuntary_share": INVOLUNTARY_SHARE,
    "logo_churn": LOGO_CHURN,
    "arpa": ARPA,
    "ltv": LTV,
    "renewal_rate": RENEWAL_RATE,
    "cohort_members": COHORT_MEMBERS,
    "cohort_revenue": COHORT_REVENUE,
    "recovery": RECOVERY,
    "net_activity": NET_ACTIVITY,
    "stripe_balance": STRIPE_BALANCE,
    "stripes_figure": STRIPES_FIGURE,
}
