"""Who is a member on a day, what the tiers bring in on it, and whose renewal is due."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import Owner
from billing.models import Cycle, Membership, MembershipStatus, ScheduledChange, Tier
from billing.models.revenue import RevenueSpan
from billing.revenue.figures import monthly, paying
from billing.state import OUR_CURRENCY
from crm.models import MembershipRecord
from crm.reports.base import ListReport, Report, register
from crm.reports.currencies import ELSEWHERE, elsewhere, pounds_only
from crm.reports.linking import address_of
from crm.reports.months import DAY, Stretch
from crm.reports.narrowing import by_plan
from crm.reports.table import Column, Kind, Row

UNKNOWN_PLAN = "Unknown plan"
ENOUGH_FOR_SHARES = 30  # below, a share says less than the counts beside it


def plan_name(tier: str) -> str:
    return tier.title() or UNKNOWN_PLAN


def cycle_name(cycle: str) -> str | None:
    return dict(Cycle.choices).get(cycle)


def contact_url(owner: Owner | None) -> str:
    """Return the page with an owner's whole story. `user__crm_record` must have been joined."""
    record = getattr(owner.user, "crm_record", None) if owner else None
    return reverse("admin:crm_contact_change", args=[record.pk]) if record else ""


def a_year(currency: str, annual: int) -> str | None:
    words = elsewhere(currency, annual)
    return words and f"{words} a year"


@register
class MembershipList(ListReport):
    id = "members"
    title = "Membership list"
    words = (
        "Every subscription that ran at the end of a day, with what it was worth on that day: "
        "pounds a year without VAT, and its share of MRR, a twelfth. Trials, pauses and free "
        "memberships are listed and are worth nothing. The house is the one that the membership "
        "stands for today. A share of MRR is rounded in each row; the sum is rounded once."
    )
    model = MembershipRecord
    narrows = frozenset({"tier", "cycle"})
    is_as_of = True
    columns = (
        Column("owner", "Owner"),
        Column("house", "House"),
        Column("plan", "Plan"),
        Column("cycle", "Cycle"),
        Column("standing", "Standing"),
        Column("annual", "A year", Kind.PENCE, adds_up=True),
        Column("mrr", "Share of MRR", Kind.PENCE),
        Column("at_risk", "At risk"),
        Column("leaving_on", "Leaves on", Kind.DAY),
        ELSEWHERE,
    )
    opens_with = "Today"
    nothing = "Nobody was a member on this day."
    sums = {"annual": Case(When(currency=OUR_CURRENCY, then=F("annual_pence")))}

    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        spans = RevenueSpan.objects.on(end - DAY).select_related(
            "owner__user__crm_record", "membership__property"
        )
        narrowed = by_plan(spans, tier, cycle, tier_field="tier", cycle_field="cycle")
        return narrowed.order_by(
            "owner__user__last_name", "owner__user__first_name", "stripe_subscription_id"
        )

    def row(self, each: RevenueSpan) -> Row:
        house = each.membership and each.membership.property
        annual = pounds_only(each.currency, each.annual_pence)
        return {
            "owner": each.owner.name if each.owner else None,
            "house": house.title if house else None,
            "plan": plan_name(each.tier),
            "cycle": cycle_name(each.cycle),
            "standing": each.get_standing_display(),
            "annual": annual,
            "mrr": None if annual is None else monthly(annual),
            "at_risk": "Yes" if each.is_at_risk else None,
            "leaving_on": each.leaving_on,
            "elsewhere": a_year(each.currency, each.annual_pence),
            "url": contact_url(each.owner),
        }

    def further_totals(self, sums: Row) -> Row:
        return {"mrr": monthly(sums["annual"])}


@register
class TierMix(Report):
    id = "tier_mix"
    title = "Tier mix"
    words = (
        "What each tier and cycle had at the end of a day: paying subscriptions in pounds, what "
        "they bring in a year and a month without VAT, and how much of it is at risk (a payment "
        "fails) or leaving (cancelled to a day). Members are owners: one who has two plans "
        f"counts in both rows. Shares are shown from {ENOUGH_FOR_SHARES} subscriptions on."
    )
    model = MembershipRecord
    is_as_of = True
    columns = (
        Column("plan", "Plan"),
        Column("cycle", "Cycle"),
        Column("members", "Members", Kind.COUNT),
        Column("subscriptions", "Subscriptions", Kind.COUNT, adds_up=True),
        Column("annual", "A year", Kind.PENCE, adds_up=True),
        Column("mrr", "MRR", Kind.PENCE),
        Column("share", "Share of MRR", Kind.SHARE),
        Column("at_risk", "At risk, a year", Kind.PENCE, adds_up=True),
        Column("leaving", "Leaving, a year", Kind.PENCE, adds_up=True),
    )
    charted = ("annual",)
    opens_with = "Today"
    nothing = "Nobody paid for a membership on this day."

    def rows(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> Iterator[Row]:
        groups, day = list(_groups(end - DAY)), Stretch(end - DAY, end)
        many = sum(group["subscriptions"] for group in groups)
        whole = sum(group["annual"] for group in groups)
        for group in groups:
            share = Fraction(group["annual"], whole) if many >= ENOUGH_FOR_SHARES else None
            code, cycle = group.pop("tier"), group["cycle"]
            yield {
                **group,
                "plan": plan_name(code),
                "cycle": cycle_name(cycle),
                "url": address_of("members", day, tier=code, cycle=cycle),
                "mrr": monthly(group["annual"]),
                "share": share,
            }

    def further_totals(self, sums: Row) -> Row:
        return {"mrr": monthly(sums["annual"])}


def _groups(day: date) -> Iterator[dict[str, Any]]:
    """Yield the tiers and cycles that somebody pays for, the lowest tier first."""
    ranks = dict(Tier.objects.values_list("code", "rank"))
    groups = (
        paying(day)
        .order_by()
        .values("tier", "cycle")
        .annotate(
            members=Count("account", distinct=True),
            subscriptions=Count("pk"),
            annual=Sum("annual_pence"),
            at_risk=Coalesce(Sum("annual_pence", filter=Q(is_at_risk=True)), 0),
            leaving=Coalesce(Sum("annual_pence", filter=~Q(leaving_on=None)), 0),
        )
    )
    last = len(ranks) + max(ranks.values(), default=0)
    yield from sorted(groups, key=lambda each: (ranks.get(each["tier"], last), each["cycle"]))


@register
class RenewalsDue(ListReport):
    id = "renewals"
    title = "Renewals due"
    words = (
        "The memberships whose next renewal falls on these days, as things stand now: what will be "
        "charged, with the change that was ordered for that day, if one was. Those that are "
        "cancelled do not renew and are not here. A monthly membership is listed once, with its "
        "next month. What a coupon takes off is not taken off here."
    )
    model = MembershipRecord
    narrows = frozenset({"tier", "cycle"})
    looks_ahead = True
    columns = (
        Column("day", "Renews on", Kind.DAY),
        Column("owner", "Owner"),
        Column("house", "House"),
        Column("plan", "Plan"),
        Column("cycle", "Cycle"),
        Column("becomes", "Becomes"),
        Column("net", "Without VAT", Kind.PENCE, adds_up=True),
        Column("vat", "VAT", Kind.PENCE, adds_up=True),
        Column("gross", "With VAT", Kind.PENCE, adds_up=True),
        Column("standing", "Payment"),
        ELSEWHERE,
    )
    opens_with = "Next 60 days"
    nothing = "No membership renews on these days."
    sums = {
        name: Case(When(currency=OUR_CURRENCY, then=what))
        for name, what in {
            "net": Coalesce("scheduled_change__net_pence", "net_pence"),
            "vat": Coalesce("scheduled_change__vat_pence", "vat_pence"),
            "gross": Coalesce("scheduled_change__net_pence", "net_pence")
            + Coalesce("scheduled_change__vat_pence", "vat_pence"),
        }.items()
    }

    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        due = Membership.objects.current().filter(
            auto_renew=True, renewal_date__gte=start, renewal_date__lt=end
        )
        narrowed = by_plan(due, tier, cycle, tier_field="tier__code", cycle_field="billing_cycle")
        joined = narrowed.select_related(
            "owner__user__crm_record", "property", "tier", "scheduled_change__tier"
        )
        return joined.order_by("renewal_date", "pk")

    def row(self, each: Membership) -> Row:
        change = getattr(each, "scheduled_change", None)
        charged = change or each
        return {
            "day": each.renewal_date,
            "owner": each.owner.name if each.owner else None,
            "house": each.property.title if each.property else None,
            "plan": each.tier.name,
            "cycle": each.get_billing_cycle_display(),
            "becomes": change and _named(change),
            "net": pounds_only(each.currency, charged.net_pence),
            "vat": pounds_only(each.currency, charged.vat_pence),
            "gross": pounds_only(each.currency, charged.gross_pence),
            "standing": "Failing" if each.status == MembershipStatus.PAST_DUE else None,
            "elsewhere": elsewhere(each.currency, charged.gross_pence),
            "url": contact_url(each.owner),
        }


def _named(change: ScheduledChange) -> str:
    return f"{change.tier.name} {change.get_billing_cycle_display().lower()}"
