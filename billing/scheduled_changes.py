"""What Stripe's schedule says that a membership becomes at its next renewal."""

from typing import Any

from django.db.models import Model

from accounts.london import day_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import Membership, ScheduledChange
from billing.price_list import tier_and_cycle
from billing.state import amount_of, unreadable_if_garbled


def follow_schedule(membership: Membership, subscription: dict[str, Any]) -> None:
    """Keep the row as the schedule is now. `subscription` has its schedule and prices expanded.

    Raises UnreadableSubscription.
    """
    keep_row(ScheduledChange, membership, planned_columns(membership, subscription))


def keep_row(model: type[Model], membership: Membership, columns: dict[str, Any] | None) -> None:
    """Let a membership's one row of a model say `columns`, or be gone for None."""
    rows = model._default_manager.filter(membership=membership)
    if columns is None:
        rows.delete()
        return
    found = rows.first()
    if found is None:
        model._default_manager.create(membership=membership, **columns)
    elif any(getattr(found, name) != value for name, value in columns.items()):
        rows.update(**columns)


@unreadable_if_garbled()
def planned_columns(membership: Membership, subscription: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the row must say, or None where there must be none.

    Raises UnreadableSubscription.
    """
    phase = _next_phase(subscription) if membership.is_current else None
    return None if phase is None else _columns(phase, subscription)


def has_come(subscription: dict[str, Any]) -> bool:
    """Whether what the schedule planned is the plan now: it has nothing left to do but to go."""
    schedule = subscription.get("schedule")
    is_last = isinstance(schedule, dict) and bool(schedule.get("current_phase"))
    is_last = is_last and schedule["end_behavior"] == "release"
    return is_last and _next_phase(subscription) is None


def _next_phase(subscription: dict[str, Any]) -> dict[str, Any] | None:
    schedule = subscription.get("schedule")
    if not isinstance(schedule, dict) or not schedule.get("current_phase"):
        return None
    ends = schedule["current_phase"]["end_date"]
    later = [phase for phase in schedule["phases"] if phase["start_date"] >= ends]
    return min(later, key=lambda phase: phase["start_date"], default=None)


def _columns(phase: dict[str, Any], subscription: dict[str, Any]) -> dict[str, Any]:
    tier, cycle = tier_and_cycle({"items": {"data": phase["items"]}})
    [item] = phase["items"][:1]
    rates = [rate for rate in phase.get("default_tax_rates") or [] if isinstance(rate, dict)]
    rates = rates or subscription.get("default_tax_rates") or []
    net, vat = shapes.net_and_vat(amount_of(item), rates)
    return {
        "tier_id": tier.pk,
        "billing_cycle": cycle,
        "net_pence": net,
        "vat_pence": vat,
        "starts_on": day_of_timestamp(phase["start_date"]),
    }
