"""The rows behind figures: a query, read in pages or as a whole, and how one of its rows is shown.

A row's "links" are addresses by the columns' names.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery, Sum
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import Owner
from billing.models import Cycle, EndReason, Membership, Payment, RevenueChange, RevenueSpan
from crm.reports.table import Column, Kind, Row

CHUNK = 1000


class Listed:
    """Rows that are counted and added up by the database, and fetched when they are shown.

    `adds` is the query's name for what is added up; without one, the rows are counted.
    """

    def __init__(self, rows: QuerySet[Any], shown: Callable[[Any], Row], adds: str = "") -> None:
        self.rows, self.shown, self.adds = rows, shown, adds

    def __iter__(self) -> Iterator[Row]:
        return map(self.shown, self.rows.iterator(chunk_size=CHUNK))

    def __getitem__(self, part: slice) -> list[Row]:
        return [self.shown(row) for row in self.rows[part]]

    def count(self) -> int:
        return self.rows.count()

    def sum(self, count: int) -> int:
        if not self.adds:
            return count
        return self.rows.order_by().aggregate(sum=Sum(self.adds))["sum"] or 0


# --- Who, and what they have ----------------------------------------------------------------------

OWNER = "owner__user__crm_record"
MEMBERSHIP_WITH_HOUSE = ("membership__crm_record", "membership__property")


def member(owner: Owner | None, otherwise: str) -> str:
    return (owner.name or owner.user.email) if owner else otherwise


def page_of(row: Model | None, name: str = "crm_record") -> str:
    """Return the address of a row's record in the CRM, or nothing where there is none."""
    record = getattr(row, name, None)
    return admin_url(record) if record else ""


def page_of_owner(owner: Owner | None) -> str:
    return page_of(owner.user) if owner else ""


def plan(tier: str, cycle: str) -> str:
    names = [tier_name(tier), cycle_name(cycle).lower() if cycle else ""]
    return ", ".join(name for name in names if name)


def tier_name(code: str) -> str:
    return code.capitalize() or "Unknown price"


def cycle_name(code: str) -> str:
    return Cycle(code).label if code in Cycle.values else "Unknown cycle"


def reason_name(code: str) -> str:
    if code == EndReason.VOLUNTARY:
        return "Cancelled by the member"
    return EndReason(code).label if code in EndReason.values else EndReason.OTHER.label


# --- Spans: what stood on a day -------------------------------------------------------------------

MEMBER = Column("member", "Member")
PLAN = Column("plan", "Plan")
HOUSE = Column("house", "House")
A_YEAR = Column("annual_pence", "A year, without VAT", Kind.PENCE, adds_up=True)

SPAN_COLUMNS = (MEMBER, PLAN, HOUSE, Column("since", "Worth that since", Kind.DAY), A_YEAR)
LEAVING_COLUMNS = (MEMBER, PLAN, HOUSE, Column("leaving_on", "Leaves on", Kind.DAY), A_YEAR)
MEMBER_COLUMNS = (MEMBER, PLAN, HOUSE, Column("since", "Worth that since", Kind.DAY))


def listed_spans(spans: QuerySet[RevenueSpan], adds: str = "") -> Listed:
    rows = spans.select_related(OWNER, *MEMBERSHIP_WITH_HOUSE)
    return Listed(rows.order_by("-annual_pence", "starts_on", "pk"), _span_row, adds)


def listed_leaving(spans: QuerySet[RevenueSpan], adds: str = "") -> Listed:
    rows = spans.select_related(OWNER, *MEMBERSHIP_WITH_HOUSE)
    return Listed(rows.order_by("leaving_on", "pk"), _span_row, adds)


def _span_row(span: RevenueSpan) -> Row:
    return {
        "member": member(span.owner, span.account),
        "plan": plan(span.tier, span.cycle),
        "house": _house(span.membership),
        "since": span.starts_on,
        "leaving_on": span.leaving_on,
        "annual_pence": span.annual_pence,
        "links": {"member": page_of_owner(span.owner), "plan": page_of(span.membership)},
    }


def _house(membership: Membership | None) -> str:
    return str(membership.property or "") if membership else ""


# --- Changes: what moved in a month ---------------------------------------------------------------

CHANGE_COLUMNS = (
    Column("day", "Day", Kind.DAY),
    MEMBER,
    Column("kind", "Movement"),
    Column("what", "What happened"),
    Column("before_pence", "Before, a year", Kind.PENCE),
    Column("after_pence", "After, a year", Kind.PENCE),
    Column("amount", "Difference, a year", Kind.PENCE, adds_up=True),
)
CHURN_COLUMNS = (*CHANGE_COLUMNS[:4], Column("reason", "Reason"), *CHANGE_COLUMNS[4:])


def listed_changes(changes: QuerySet[RevenueChange], adds: str = "") -> Listed:
    """`adds` may be what the query itself works out, such as the amount with its sign."""
    membership = Membership.objects.filter(
        stripe_subscription_id=OuterRef("stripe_subscription_id")
    )
    rows = changes.select_related(OWNER).annotate(
        record=Subquery(membership.values("crm_record__pk")[:1])
    )
    return Listed(rows.order_by("day", "pk"), lambda change: _change_row(change, adds), adds)


def _change_row(change: RevenueChange, adds: str) -> Row:
    reason = reason_name(change.reason) if change.reason else ""
    return {
        "day": change.day,
        "member": member(change.owner, change.account),
        "kind": change.get_kind_display(),
        "what": change.what,
        "reason": f"{reason}, was past due" if reason and change.was_past_due else reason,
        "before_pence": change.before_pence,
        "after_pence": change.after_pence,
        "amount": getattr(change, adds or "amount_pence"),
        "links": {
            "member": page_of_owner(change.owner),
            "what": _membership_page(change.record),
        },
    }


def _membership_page(pk: object) -> str:
    return reverse("admin:crm_membershiprecord_change", args=[pk]) if pk else ""


# --- Payments and renewals ------------------------------------------------------------------------

PAYMENT_COLUMNS = (
    Column("paid_at", "Day", Kind.DAY),
    Column("number", "Number"),
    Column("what", "What"),
    MEMBER,
    Column("bought", "Membership"),
    Column("net_pence", "Without VAT", Kind.PENCE, adds_up=True),
    Column("vat_pence", "VAT", Kind.PENCE, adds_up=True),
    Column("gross_pence", "Together", Kind.PENCE, adds_up=True),
)
DUE_COLUMNS = (
    Column("period_end", "Due", Kind.DAY),
    MEMBER,
    Column("bought", "Membership"),
    Column("number", "Paid last by"),
    Column("renewed", "Renewed", Kind.COUNT, adds_up=True),
)
RENEWAL_COLUMNS = (
    Column("renews_on", "Renews on", Kind.DAY),
    MEMBER,
    PLAN,
    HOUSE,
    Column("net_pence", "Price without VAT", Kind.PENCE, adds_up=True),
)


def listed_payments(payments: QuerySet[Payment], adds: str = "", *, by: str = "paid_at") -> Listed:
    rows = payments.select_related(OWNER, "membership__crm_record", "membership__tier")
    return Listed(rows.order_by(by, "pk"), _payment_row, adds)


def _payment_row(payment: Payment) -> Row:
    return {
        "paid_at": payment.paid_at,
        "period_end": payment.period_end,
        "number": payment.invoice_number or payment.stripe_object_id,
        "what": payment.what,
        "member": member(payment.owner, payment.owner_name or payment.stripe_customer_id),
        "bought": payment.description,
        "net_pence": payment.net_pence,
        "vat_pence": payment.vat_pence,
        "gross_pence": payment.gross_pence,
        "renewed": int(getattr(payment, "renewed", False)),
        "links": {
            "number": admin_url(payment),
            "member": page_of_owner(payment.owner),
            "bought": page_of(payment.membership),
        },
    }


def listed_renewals(memberships: QuerySet[Membership], adds: str = "") -> Listed:
    rows = memberships.select_related(OWNER, "tier", "property", "crm_record")
    return Listed(rows.order_by("renewal_date", "pk"), _renewal_row, adds)


def _renewal_row(membership: Membership) -> Row:
    return {
        "renews_on": membership.renewal_date,
        "member": member(membership.owner, membership.stripe_customer_id),
        "plan": plan(membership.tier.code, membership.billing_cycle),
        "house": _house(membership),
        "net_pence": membership.net_pence,
        "links": {"member": page_of_owner(membership.owner), "plan": page_of(membership)},
    }
