"""The figures of recurring revenue, in pence a year unless named otherwise. London days.

What was so on a day comes from the spans, what moved in a month from the changes. A month is
[first day, first day of the next).
"""

from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Case, Count, Exists, Min, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from accounts.london import start_of_day
from billing.models import Cycle, Episode, Membership, Payment, PaymentKind
from billing.models.revenue import GAINS, LOSSES, Movement, RevenueChange, RevenueSpan, Standing

Amounts = dict[str, int]
DAY = timedelta(days=1)
MOST_OF_A_YEAR = timedelta(days=200)  # no month is as long, and no year that is charged as short


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


def worth(spans: QuerySet[RevenueSpan]) -> tuple[int, int]:
    """Return sum and number."""
    both = spans.aggregate(sum=Coalesce(Sum("annual_pence"), 0), number=Count("pk"))
    return both["sum"], both["number"]


def heads(rows: QuerySet[RevenueSpan] | QuerySet[RevenueChange]) -> int:
    """Count members: an owner is one, however many subscriptions it has."""
    return rows.order_by().values("account").distinct().count()


def paying(day: date) -> QuerySet[RevenueSpan]:
    return RevenueSpan.objects.on(day).paying()


def one_of_each(spans: QuerySet[RevenueSpan]) -> QuerySet[RevenueSpan]:
    """Keep one span of each member."""
    return spans.filter(~Exists(_of_the_same(spans).filter(pk__lt=OuterRef("pk"))))


def at_risk(day: date) -> QuerySet[RevenueSpan]:
    return paying(day).filter(is_at_risk=True)


def leaving(day: date) -> QuerySet[RevenueSpan]:
    """Paying subscriptions that are to end."""
    return paying(day).exclude(leaving_on=None)


def next_to_leave(day: date) -> date | None:
    return leaving(day).filter(leaving_on__gte=day).aggregate(next=Min("leaving_on"))["next"]


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


def freed(start: date, end: date) -> QuerySet[RevenueChange]:
    """Members who paid, and whose membership runs on without bringing anything."""
    ended = RevenueChange.objects.filter(kind=Movement.CONTRACTION, after_pence=0)
    return in_between(ended, start, end)


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


# --- Cohorts: members by the month of their first revenue -----------------------------------------


def of_cohort(spans: QuerySet[RevenueSpan], month: date) -> QuerySet[RevenueSpan]:
    """Keep those of members whose first revenue fell in a month, named by its first day."""
    first = RevenueChange.objects.filter(cohort=month).order_by()
    return spans.filter(account__in=first.values("account"))


# --- Renewals -------------------------------------------------------------------------------------


def renewing(start: date, end: date) -> QuerySet[Membership]:
    """Memberships whose next renewal falls in [start, end), but for those that are to end."""
    current = Membership.objects.current().filter(currency="gbp", auto_renew=True)
    return current.filter(renewal_date__gte=start, renewal_date__lt=end)


def renewing_by_cycle(start: date, end: date) -> dict[str, tuple[int, int]]:
    """Return sum and number of the renewals of each cycle, in pence without VAT as charged."""
    grouped = renewing(start, end).order_by().values_list("billing_cycle")
    sums = grouped.annotate(Sum("net_pence"), Count("pk"))
    return {cycle: (amount, count) for cycle, amount, count in sums}


def price(memberships: QuerySet[Membership]) -> int:
    return memberships.order_by().aggregate(sum=Coalesce(Sum("net_pence"), 0))["sum"]


def share(part: int, whole: int) -> Fraction | None:
    """Return None where there is nothing to be a share of."""
    return Fraction(part, whole) if whole else None


def yearly_due(start: date, end: date) -> QuerySet[Payment]:
    """The payments of a year that ran out in [start, end) while the membership still ran.

    None whose rest was replaced by a year that began within it, as after some upgrades.
    """
    paid = _paid_for_time().filter(
        period_end__gte=start, period_end__lt=end, period_start__lt=start - MOST_OF_A_YEAR
    )
    ran_until_then = RevenueSpan.objects.paying().filter(
        Q(ends_on=None) | Q(ends_on__gte=OuterRef("period_end")),
        membership=OuterRef("membership"),
        cycle=Cycle.ANNUAL,
        starts_on__lt=OuterRef("period_end"),
    )
    replaced = Q(period_start__lt=OuterRef("period_end"), period_end__gt=OuterRef("period_end"))
    # Not counted twice, should Stripe have charged it by two invoices.
    again = Q(
        period_start__lt=start - MOST_OF_A_YEAR,
        period_end=OuterRef("period_end"),
        pk__gt=OuterRef("pk"),
    )
    others = _paid_for_time().filter(membership=OuterRef("membership"))
    # Asked for in one, so that a database looks at a membership's payments once.
    return paid.filter(Exists(ran_until_then), ~Exists(others.filter(replaced | again)))


def was_renewed() -> Case:
    """Of a payment: 1 if the time after its own was paid for too, else 0."""
    later = _paid_for_time().filter(membership=OuterRef("membership"))
    renewed = Exists(later.filter(period_start__gte=OuterRef("period_end")))
    return Case(When(renewed, then=1), default=0)


def _paid_for_time() -> QuerySet[Payment]:
    return Payment.objects.filter(
        kind=PaymentKind.INVOICE, currency="gbp", net_pence__gt=0
    ).exclude(period_end=None)


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


def recovered_payments(start: date, end: date) -> QuerySet[Payment]:
    """The payments by which they were."""
    invoices = failed(start, end).values("stripe_invoice_id")
    return Payment.objects.filter(
        kind=PaymentKind.INVOICE, currency="gbp", stripe_invoice_id__in=invoices
    )


def failed(start: date, end: date) -> QuerySet[Episode]:
    return Episode.objects.filter(
        first_failed_at__gte=start_of_day(start), first_failed_at__lt=start_of_day(end)
    )
