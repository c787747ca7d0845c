"""Keeps spans and changes as they follow from the moments; writes only what differs."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Min, Q

from accounts.london import day_of_timestamp
from accounts.models import Owner
from billing.models import Membership, Payment, PaymentKind
from billing.models.revenue import RevenueChange, RevenueSpan, SubscriptionMoment
from billing.price_list import PlanNames
from billing.revenue import moments, tallies
from billing.revenue.moments import look, said_by
from billing.revenue.movements import Move, moves_of
from billing.revenue.timeline import Said, Span, spans_of
from billing.revenue.worth import State
from billing.state import UnreadableSubscription

logger = logging.getLogger(__name__)

Json = dict[str, Any]


def follow(subscription: Json, *, now: datetime) -> None:
    """Bring the recurring revenue of a subscription's owner into line with what Stripe says now.

    A fault of ours here must not take the membership with it: the nightly rebuild names what it
    cannot derive.
    """
    try:
        with transaction.atomic():
            look(subscription, now=now)
            bring_into_line([subscription["id"]], now=now)
    except UnreadableSubscription:
        return  # it is parked as a problem, and what we had stays
    except Exception:
        logger.exception("The revenue of %s could not be derived", subscription["id"])


def forget(subscription_id: str, *, now: datetime) -> None:
    """Let what was said of it count no more: Stripe does not have the subscription."""
    with transaction.atomic():
        moments.forget(subscription_id)
        bring_into_line([subscription_id], now=now)


def bring_into_line(subscription_ids: Iterable[str], *, now: datetime) -> int:
    """Derive the spans of these subscriptions, and the changes of all whose they are or were.

    Returns the number of rows written or deleted. Must run inside a transaction.
    """
    ids = list(subscription_ids)
    _alone_with_owners(ids)
    stored = RevenueSpan.objects.filter(stripe_subscription_id__in=ids)
    wanted = wanted_spans(ids, now=now)
    accounts = {row.account for row in [*stored, *wanted]}
    written = replace_rows(stored, wanted)
    changes = RevenueChange.objects.filter(account__in=accounts)
    return written + replace_rows(changes, wanted_changes(accounts))


def keep_of_erased(owner_id: int, *, now: datetime) -> None:
    """What an erased owner paid stays in the figures, as its Stripe customer's."""
    spans = RevenueSpan.objects.filter(account=account_of_owner(owner_id))
    names = spans.order_by().values_list("stripe_subscription_id", flat=True).distinct()
    with transaction.atomic():
        bring_into_line(list(names), now=now)


def _alone_with_owners(ids: list[str]) -> None:
    """One at a time for each owner: a movement is of all an owner's subscriptions together.

    Also for an owner whose a subscription was until now.
    """
    whose = Membership.objects.filter(stripe_subscription_id__in=ids).values("owner")
    was_whose = RevenueSpan.objects.filter(stripe_subscription_id__in=ids).values("owner")
    owners = Owner.objects.filter(Q(pk__in=whose) | Q(pk__in=was_whose))
    list(owners.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def account_of(membership: Membership | None, customer_id: str) -> str:
    """Name whose revenue it is: an owner's, or a customer's whose owner is unknown or erased."""
    if membership and membership.owner_id:
        return account_of_owner(membership.owner_id)
    return customer_id


def account_of_owner(owner_id: int) -> str:
    return f"owner {owner_id}"


# --- Derived --------------------------------------------------------------------------------------


def wanted_spans(subscription_ids: list[str], *, now: datetime) -> list[RevenueSpan]:
    """Return the rows that follow from what is known, not saved."""
    said_of = SubscriptionMoment.objects.filter(stripe_subscription_id__in=subscription_ids)
    sayings: dict[str, list[Said]] = defaultdict(list)
    customers: dict[str, str] = {}
    for row in said_of.order_by("at", "source_id"):
        sayings[row.stripe_subscription_id].append(said_by(row))
        # One that names no customer is nobody else's.
        customers[row.stripe_subscription_id] = row.stripe_customer_id or row.stripe_subscription_id
    paid_since, memberships = _first_payments(subscription_ids), _memberships(subscription_ids)
    names = PlanNames()
    return [
        _span_row(name, customers[name], memberships.get(name), span)
        for name, said in sayings.items()
        for span in spans_of(
            said,
            plan_of=names.finder(each.kept for each in said),
            paid_since=paid_since.get(name),
            until=int(now.timestamp()),
        )
    ]


def _first_payments(subscription_ids: list[str]) -> dict[str, int]:
    """Return when the first invoice was paid that was not over nothing, by subscription."""
    paid = Payment.objects.filter(
        kind=PaymentKind.INVOICE,
        net_pence__gt=0,
        membership__stripe_subscription_id__in=subscription_ids,
    )
    first = (
        paid.order_by().values_list("membership__stripe_subscription_id").annotate(Min("paid_at"))
    )
    return {name: int(moment.timestamp()) for name, moment in first}


def _memberships(subscription_ids: list[str]) -> dict[str, Membership]:
    known = Membership.objects.filter(stripe_subscription_id__in=subscription_ids)
    return {membership.stripe_subscription_id: membership for membership in known}


def _span_row(
    subscription_id: str, customer_id: str, membership: Membership | None, span: Span
) -> RevenueSpan:
    state = span.state
    return RevenueSpan(
        account=account_of(membership, customer_id),
        stripe_subscription_id=subscription_id,
        membership=membership,
        owner_id=membership.owner_id if membership else None,
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        standing=state.standing,
        annual_pence=state.annual_pence,
        currency=state.currency,
        tier=state.tier,
        cycle=state.cycle,
        is_at_risk=state.is_at_risk,
        leaving_on=state.leaving_on,
        end_reason=span.end_reason,
        turns_on=day_of_timestamp(span.turns_at),
    )


def wanted_changes(accounts: Iterable[str]) -> list[RevenueChange]:
    """Return the movements that follow from accounts' spans as they are stored, not saved."""
    rows: dict[str, list[RevenueSpan]] = defaultdict(list)
    for row in RevenueSpan.objects.filter(account__in=accounts).order_by("starts_on"):
        rows[row.account].append(row)
    return [change for own in rows.values() for change in _changes_of_one(own)]


def _changes_of_one(rows: list[RevenueSpan]) -> list[RevenueChange]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for row in rows:
        spans[row.stripe_subscription_id].append(_span_of(row))
    moves = moves_of(dict(spans))
    return [_change_row(rows[0], move, cohort=moves[0].day.replace(day=1)) for move in moves]


def _span_of(row: RevenueSpan) -> Span:
    state = State(
        standing=row.standing,
        annual_pence=row.annual_pence,
        currency=row.currency,
        tier=row.tier,
        cycle=row.cycle,
        is_at_risk=row.is_at_risk,
        leaving_on=row.leaving_on,
    )
    return Span(row.starts_on, row.ends_on, state, row.end_reason)


def _change_row(span: RevenueSpan, move: Move, *, cohort: date) -> RevenueChange:
    return RevenueChange(
        owner_id=span.owner_id,
        account=span.account,
        stripe_subscription_id=move.subscription,
        day=move.day,
        kind=move.kind,
        before_pence=move.before,
        after_pence=move.after,
        amount_pence=move.amount,
        tier=move.tier,
        cycle=move.cycle,
        what=move.what,
        reason=move.reason,
        was_past_due=move.was_past_due,
        cohort=cohort,
    )


# --- Written --------------------------------------------------------------------------------------


def replace_rows(stored: models.QuerySet[Any], wanted: Iterable[models.Model]) -> int:
    """Delete what must not stand, create what is missing, and tally both; return how many rows."""
    missing = {content(row): row for row in wanted}
    surplus = [row for row in stored if missing.pop(content(row), None) is None]
    rows, tally = stored.model.objects, tallies.OF[stored.model]
    if surplus:
        rows.filter(pk__in=[row.pk for row in surplus]).delete()
        tally.add(surplus, sign=-1)
    rows.bulk_create(missing.values())
    tally.add(missing.values())
    return len(surplus) + len(missing)


def content(row: models.Model) -> tuple[Any, ...]:
    """Return all that a derived row says: everything but its own key."""
    fields = row._meta.concrete_fields
    return tuple(getattr(row, field.attname) for field in fields if not field.primary_key)
