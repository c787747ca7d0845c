"""What the columns of a membership must say that follow from Stripe alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing import stripe_shapes as shapes
from billing.price_list import tier_and_cycle
from billing.state import UnreadablePrice, membership_state, unreadable_if_garbled


@dataclass(frozen=True)
class Derived:
    """`unread`: what could not be read, and what to do; the columns of it are left out."""

    columns: dict[str, Any]
    unread: str


@unreadable_if_garbled()
def derive(
    subscription: dict[str, Any],
    invoices: list[dict[str, Any]],
    now: datetime,
    *,
    was_member: bool,
) -> Derived | None:
    """Return what we must hold, or None for no membership.

    A member's end and payments are followed even where the price cannot be read.

    Raises UnreadableSubscription.
    """
    state = membership_state(subscription, invoices, now, was_member=was_member)
    if state is None:
        return None
    columns = state.columns() | {"stripe_customer_id": shapes.id_of(subscription["customer"])}
    try:
        tier, cycle = tier_and_cycle(subscription)
    except UnreadablePrice as problem:
        if was_member:
            return Derived(columns, str(problem))
        raise
    return Derived(columns | {"tier_id": tier.pk, "billing_cycle": cycle}, state.unread)
