"""What an owner may change about a membership, and when it takes effect.

Upwards, and from monthly to yearly, at once; downwards, and from yearly to monthly, at the renewal:
what is paid for is never taken away.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.london import day_of_timestamp, in_words, moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import Cycle, Membership, MembershipStatus, Plan, ScheduledChange
from billing.models.plans import COMMITMENT_MONTHS

ENDED = "This membership has ended. Choose a plan to begin a new one."
CONFIRM_FIRST = "A change that you have chosen is not confirmed yet."
UNPAID = "The last payment failed. Please change your card first: it is tried again by itself."


DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Offer:
    """A plan that the membership may become; `refusal` says why not, if not."""

    plan: Plan
    at_once: bool
    refusal: str = ""


class ChangeRefused(Exception):
    """It cannot be done with this subscription; the message says why, for the owner."""


def offers(
    membership: Membership, scheduled: ScheduledChange | None, plans: list[Plan]
) -> list[Offer]:
    """Return an offer for each plan, those refused among them."""
    blocked = why_no_change(membership)
    return [
        Offer(plan, is_at_once(membership, plan), blocked or _refusal(membership, scheduled, plan))
        for plan in plans
    ]


def is_at_once(membership: Membership, plan: Plan) -> bool:
    shortens = (membership.billing_cycle, plan.cycle) == (Cycle.ANNUAL, Cycle.MONTHLY)
    return plan.tier.rank >= membership.tier.rank and not shortens


def why_no_change(membership: Membership) -> str:
    """Return why no other plan can be chosen now, or ""."""
    if not membership.is_current:
        return ENDED
    if membership.status == MembershipStatus.PAST_DUE:
        return UNPAID
    if pending := getattr(membership, "pending_change", None):
        wanted = f"{pending.tier.name.lower()}, {pending.get_billing_cycle_display().lower()},"
        return f"Your change to {wanted} is not confirmed yet. Confirm it or take it back first."
    if membership.status == MembershipStatus.EXPIRING_SOON:
        ends = f" on {in_words(membership.end_date)}" if membership.end_date else ""
        return f"It ends{ends}. Keep it first, then choose another plan."
    return ""


def is_ending(membership: Membership) -> bool:
    """Whether it was cancelled and still runs; the status of one past due does not say so."""
    past_due = membership.status == MembershipStatus.PAST_DUE
    return membership.status == MembershipStatus.EXPIRING_SOON or (
        past_due and not membership.auto_renew
    )


def _refusal(membership: Membership, scheduled: ScheduledChange | None, plan: Plan) -> str:
    wanted = (plan.tier_id, plan.cycle)
    if wanted == (membership.tier_id, membership.billing_cycle):
        return "This is your plan now."
    if scheduled and wanted == (scheduled.tier_id, scheduled.billing_cycle):
        return f"Planned from {in_words(scheduled.starts_on)}."
    return ""


def item_to_change(subscription: dict[str, Any] | None) -> dict[str, Any]:
    """Return the one item of a running subscription, as Stripe has it now.

    Raises ChangeRefused.
    """
    if subscription is None or subscription["status"] not in {"active", "trialing", "past_due"}:
        raise ChangeRefused(ENDED)
    items = shapes.items_of(subscription)
    if len(items) != 1 or (items[0].get("quantity") or 1) != 1:
        raise ChangeRefused("This membership was put together by hand. Please write to us.")
    return items[0]


def renewal_day(subscription: dict[str, Any]) -> date | None:
    return day_of_timestamp(shapes.current_period(subscription)[1])


# --- Ending ---------------------------------------------------------------------------------------


def end_of_commitment(subscription: dict[str, Any]) -> int | None:
    """Return when a subscription can end at the earliest, if that is after its period.

    A monthly plan is taken for twelve months; it ends where a month of it does.
    """
    price = shapes.price_of(shapes.items_of(subscription)[0])
    period_end = shapes.current_period(subscription)[1]
    if (price.get("recurring") or {}).get("interval") != "month" or not period_end:
        return None
    anchor = subscription.get("billing_cycle_anchor") or period_end
    committed = _add_months(subscription["start_date"], COMMITMENT_MONTHS)
    ends = [_add_months(anchor, months) for months in range(COMMITMENT_MONTHS * 2 + 1)]
    later = [end for end in ends if end >= max(committed, period_end) - DAY_SECONDS]
    end = min(later, default=period_end)
    return end if end > period_end + DAY_SECONDS else None


def committed_to(subscription: dict[str, Any]) -> date | None:
    """Return the end of the twelve months of a monthly plan, while they run."""
    return day_of_timestamp(end_of_commitment(subscription))


def last_day(subscription: dict[str, Any]) -> date | None:
    """Return the day on which it ends if it is cancelled now."""
    return day_of_timestamp(
        end_of_commitment(subscription) or shapes.current_period(subscription)[1]
    )


def _add_months(timestamp: int, months: int) -> int:
    """As Stripe does: the same day of a later month, or its last day."""
    moment = moment_of_timestamp(timestamp)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())
