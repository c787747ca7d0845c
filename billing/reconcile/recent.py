"""Looking only at what moved since a day: the lists then hold only part of a subscription."""

from datetime import datetime
from typing import Any

from billing import stripe_shapes as shapes
from billing.deriving import derive
from billing.models import Membership
from billing.reconcile.desk import Desk
from billing.state import unreadable_if_garbled

# What follows from the subscription alone, whatever its invoices say.
BY_ITSELF = (
    "status",
    "start_date",
    "cancelled_date",
    "auto_renew",
    "renewal_date",
    "net_pence",
    "tier_id",
    "billing_cycle",
    "stripe_customer_id",
)
TIMES = ("created", "canceled_at", "ended_at")


def touched_customers(desk: Desk) -> set[str]:
    """Return the customers of whom any money on the desk is."""
    return desk.customers_of(("invoices", "charges", "credit_notes", "refunds", "disputes"))


@unreadable_if_garbled()
def has_moved(
    subscription: dict[str, Any],
    membership: Membership | None,
    customers: set[str],
    since: datetime,
    now: datetime,
) -> bool:
    """Whether it is to be compared as a whole: it or its money moved, or it is not what we have.

    Raises UnreadableSubscription.
    """
    times = [subscription.get(name) for name in TIMES]
    times.append(shapes.current_period(subscription)[0])
    newest = max((moment for moment in times if moment), default=0)
    if newest >= since.timestamp() or shapes.id_of(subscription.get("customer")) in customers:
        return True
    return _is_stale(subscription, membership, now)


def _is_stale(subscription: dict[str, Any], membership: Membership | None, now: datetime) -> bool:
    wanted = derive(subscription, [], now, was_member=membership is not None)
    if wanted is None or membership is None:
        return wanted is not None
    # One whose price cannot be read is told of in each run.
    return bool(wanted.unread) or any(
        getattr(membership, name) != wanted.columns[name] for name in BY_ITSELF
    )
