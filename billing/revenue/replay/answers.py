"""What the production code says to each key of a case's `expected`."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Sum

from accounts.london import day_of_timestamp, next_month
from billing.models import Payment, PaymentKind
from billing.models.revenue import EndReason
from billing.revenue import figures
from billing.revenue.replay.cases import BadCase, Case, customer_id, horizon, is_day, is_month
from billing.revenue.replay.history import STRIPE_REASONS
from billing.revenue.worth import END_REASONS

Json = dict[str, Any]

FIRST_VAT = "vat_pence_on_first_invoices"


def is_answered(key: str) -> bool:
    """Whether a key is of the format: comments are not, nor what it may grow by."""
    return key in ANSWERS or key == FIRST_VAT


def check_keys(case: Case) -> None:
    """Raises BadCase for a key that is asked in another way."""
    if not isinstance(case.expected.get(FIRST_VAT, {}), dict):
        raise BadCase(f"{case.id}: “{FIRST_VAT}” is asked by the ids of the case's customers.")


def answer(case: Case, key: str) -> Any:
    """Return the answer in the form of what is expected: by month, by day, or at the end."""
    if key == FIRST_VAT:
        return {name: _first_vat(customer_id(case.id, name)) for name in case.expected[key]}
    give, wanted = ANSWERS[key], case.expected[key]
    periods = [*wanted] if isinstance(wanted, dict) else []
    if periods and all(is_month(name) or is_day(name) for name in periods):
        return {name: _worded(give(*_period(name)), case) for name in periods}
    last = day_of_timestamp(horizon(case))
    return _worded(give(last, next_month(last)), case)


def _period(name: str) -> tuple[date, date]:
    """Return a month's first day and the next one's; of a day, itself and the next month's."""
    first = date.fromisoformat(name if is_day(name) else f"{name}-01")
    return first, next_month(first)


def _worded(given: Any, case: Case) -> Any:
    """Reasons in the words of the file."""
    if not isinstance(given, dict) or not set(given) <= set(EndReason.values):
        return given
    ends = [each.fields for each in case.happenings if each.type == "ended"]
    used = [fields["reason"] for fields in ends if "reason" in fields]
    words = {
        END_REASONS.get(STRIPE_REASONS.get(word, word), EndReason.OTHER): word for word in used
    }
    return {words.get(reason, reason): amount for reason, amount in given.items()}


def _first_vat(customer: str) -> int:
    rows = Payment.objects.filter(stripe_customer_id=customer, kind=PaymentKind.INVOICE)
    first = rows.order_by("paid_at").first()
    return first.vat_pence if first else 0


def _month(start: date, end: date) -> Json:
    yearly = figures.movements(start, end)
    monthly = {name: figures.monthly(amount) for name, amount in yearly.items()}
    return {"arr_pence": yearly, "mrr_pence": monthly}


def _last(end: date) -> date:
    return end - figures.DAY


def _gross(rows: Any) -> int:
    return rows.aggregate(sum=Sum("gross_pence"))["sum"] or 0


def _annual(rows: Any) -> int:
    return rows.aggregate(sum=Sum("amount_pence"))["sum"] or 0


def _logo_churn(start: date, end: date) -> int:
    return figures.heads(figures.logo_churn(start, end))


Answer = Callable[[date, date], Any]

# By the first day of the month, or the day asked about, and the first of the month after it.
ANSWERS: dict[str, Answer] = {
    "months": _month,
    "mrr_pence_display": lambda _, end: figures.monthly(figures.running_rate(_last(end))),
    "paying_members": lambda _, end: figures.heads(figures.paying(_last(end))),
    "complimentary_members_at": lambda day, _: figures.heads(figures.complimentary(day)),
    "at_risk_arr_pence_at": lambda day, _: figures.total(figures.at_risk(day)),
    "scheduled_churn_arr_pence_at": lambda day, _: figures.total(figures.leaving(day)),
    "committed_arr_pence_at": lambda day, _: figures.committed(day),
    "churn_reason": figures.churn_by_reason,
    "churn_while_past_due_arr_pence": lambda start, end: _annual(
        figures.churned(start, end).filter(was_past_due=True)
    ),
    "logo_churned": _logo_churn,
    "logo_churned_from_opening_base": _logo_churn,  # all logo churn is
    "joined_and_left_in_month": lambda start, end: figures.heads(
        figures.joined_and_left(start, end)
    ),
    "paused_members_lost": lambda start, end: figures.heads(figures.paused_lost(start, end)),
    "recovered_pence": lambda start, end: _annual(figures.recovered(start, end)),
    "refunds_pence": lambda start, end: -_gross(figures.cash(start, end, PaymentKind.REFUND)),
    "cash_gross_pence": lambda start, end: _gross(figures.cash(start, end, PaymentKind.INVOICE)),
    "trials_started": lambda start, end: figures.heads(figures.trials_started(start, end)),
    "trials_converted": lambda start, end: figures.heads(figures.trials_converted(start, end)),
    "excluded_other_currency": lambda _, end: figures.other_currencies(_last(end)),
}
