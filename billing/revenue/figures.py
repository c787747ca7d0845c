"""The figures of recurring revenue, in pence a year unless named otherwise. London days.

What was so on a day comes from the spans, what moved in a month from the changes. A month is
[first day, first day of the next).
"""

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.london import start_of_day
from billing.models import Episode, Payment, PaymentKind
from billing.models.revenue import GAINS, LOSSES, Movement, RevenueChange, RevenueSpan, Standing

Amounts = dict[str, int]
DAY = timedelta(days=1)


def movements(start: date, end: date) -> Amounts:
    """Return opening, each movement of [start, end) and closing; they add up exactly."""
    moved = dict(in_between(RevenueChange.objects.all(), start, end).sums_by_kind())
    opening = running_rate(start - DAY)
    amounts = {kind.value: moved.get(kind, 0) for kind in (*GAINS, *LOSSES)}
    gained = sum(amounts[kind] for kind in GAINS) - sum(amounts[kind] for kind in LOSSES)
    return {"opening": opening, **amounts, "closing": opening + gained}


def running_rate(day: date) -> int:
    """Return the recurring revenue at the end of a day (ARR): MRR is its twelfth."""
    moved = RevenueChange.objects.filter(day__lte=day).sums_by_kind()
    return sum(amount if kind in GAINS else -amount for kind, amount in moved)


def in_between(rows: QuerySet[RevenueChange], start: date, end: date) -> QuerySet[RevenueChange]:
    return rows.filter(day__gte=start, day__lt=end)


def monthly(annual_pence: int) -> int:
    """Return the twelfth as it is shown: rounded half up, only here and only once."""
    return (2 * annual_pence + 12) // 24


# --- On a day -------------------------------------------------------------------------------------


def total(spans: QuerySet[RevenueSpan]) -> int:
    return spans.aggregate(sum=Coalesce(Sum("annual_pence"), 0))["sum"]


def heads(rows: QuerySet[RevenueSpan] | QuerySet[RevenueChange]) -> int:
    """Count members: an owner is one, however many subscriptions it has."""
    return rows.order_by().values("account").distinct().count()


def paying(day: date) -> QuerySet[RevenueSpan]:
    return RevenueSpan.objects.on(day).paying()


def at_risk(day: date) -> QuerySet[RevenueSpan]:
    return paying(day).filter(is_at_risk=True)


def leaving(day: date) -> QuerySet[RevenueSpan]:
    """Paying subscriptions that are to end."""
    return paying(day).exclude(leaving_on=None)


def committed(day: date) -> int:
    """Return what is left when all that is to end has ended."""
    return total(paying(day).filter(leaving_on=None))


def complimentary(day: date) -> QuerySet[RevenueSpan]:
    """Running free of charge, of members who pay for none."""
    free = RevenueSpan.objects.on(day).in_pounds().filter(standing=Standing.COMPLIMENTARY)
    return free.exclude(Exists(_of_the_same(paying(day))))


def other_currencies(day: date) -> Amounts:
    """Return what is left out, in the smallest unit of each currency a year."""
    left_out = RevenueSpan.objects.on(day).exclude(currency="gbp").filter(standing=Standing.PAYING)
    sums = left_out.order_by().values_list("currency").annotate(Sum("annual_pence"))
    return dict(sums.order_by("currency"))


def _of_the_same(spans: QuerySet[RevenueSpan]) -> QuerySet[RevenueSpan]:
    return spans.filter(account=OuterRef("account"))


# --- In a month -----------------------------------------------------------------------------------


def churned(start: date, end: date) -> QuerySet[RevenueChange]:
    return in_between(RevenueChange.objects.filter(kind=Movement.CHURN), start, end)


def churn_by_reason(start: date, end: date) -> Amounts:
    by_reason = churned(start, end).order_by().values_list("reason").annotate(Sum("amount_pence"))
    return dict(by_reason.order_by("reason"))


def logo_churn(start: date, end: date) -> QuerySet[RevenueChange]:
    """The last churn of members who paid at the opening and have nothing running at the closing."""
    paid_before = _of_the_same(paying(start - DAY))
    runs_after = _of_the_same(RevenueSpan.objects.on(end - DAY))
    later = churned(start, end).filter(account=OuterRef("account"), day__gt=OuterRef("day"))
    return churned(start, end).filter(Exists(paid_before), ~Exists(runs_after), ~Exists(later))


def joined_and_left(start: date, end: date) -> QuerySet[RevenueChange]:
    """Members who neither paid at the opening nor at the closing, and did in between."""
    joined = in_between(RevenueChange.objects.filter(before_pence=0, after_pence__gt=0), start, end)
    around = (_of_the_same(paying(start - DAY)), _of_the_same(RevenueSpan.objects.on(end - DAY)))
    return joined.filter(*(~Exists(spans) for spans in around))


def paused_lost(start: date, end: date) -> QuerySet[RevenueSpan]:
    """Subscriptions that ended while they were paused."""
    return RevenueSpan.objects.filter(
        standing=Standing.PAUSED, ends_on__gte=start, ends_on__lt=end
    ).exclude(end_reason="")


def trials_started(start: date, end: date) -> QuerySet[RevenueSpan]:
    trials = RevenueSpan.objects.filter(
        standing=Standing.TRIAL, starts_on__gte=start, starts_on__lt=end
    )
    return trials.exclude(Exists(_just_before(Standing.TRIAL)))


def trials_converted(start: date, end: date) -> QuerySet[RevenueSpan]:
    paid = RevenueSpan.objects.filter(
        standing=Standing.PAYING, starts_on__gte=start, starts_on__lt=end
    )
    return paid.filter(Exists(_just_before(Standing.TRIAL)))


def _just_before(standing: str) -> QuerySet[RevenueSpan]:
    return RevenueSpan.objects.filter(
        stripe_subscription_id=OuterRef("stripe_subscription_id"),
        ends_on=OuterRef("starts_on"),
        standing=standing,
    )


# --- Cash, in pence as paid -----------------------------------------------------------------------


def cash(start: date, end: date, *kinds: PaymentKind) -> QuerySet[Payment]:
    rows = Payment.objects.filter(
        currency="gbp", paid_at__gte=start_of_day(start), paid_at__lt=start_of_day(end)
    )
    return rows.filter(kind__in=kinds) if kinds else rows


def recovered(start: date, end: date) -> QuerySet[Episode]:
    """What was paid after it had failed, by the month of the first failure, where it stays."""
    paid = Payment.objects.filter(
        kind=PaymentKind.INVOICE, stripe_invoice_id=OuterRef("stripe_invoice_id")
    )
    return failed(start, end).filter(Exists(paid))


def failed(start: date, end: date) -> QuerySet[Episode]:
    return Episode.objects.filter(
        first_failed_at__gte=start_of_day(start), first_failed_at__lt=start_of_day(end)
    )
