"""Subscriptions that cannot be read are parked here: logged, and shown until they can be."""

import logging
from datetime import datetime
from typing import Any

from billing import stripe_shapes as shapes
from billing.models import SubscriptionProblem

logger = logging.getLogger(__name__)


REASON_CHARACTERS = 300


def park(subscription: dict[str, Any], reason: str, *, now: datetime) -> None:
    reason = _shown(reason)
    logger.error("Subscription %s: %s", subscription["id"], reason)
    problem, created = SubscriptionProblem.objects.get_or_create(
        stripe_subscription_id=subscription["id"],
        defaults={
            "stripe_customer_id": _shown(str(shapes.id_of(subscription.get("customer"))))[:255],
            "reason": reason,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if not created:
        problem.see_again(reason, now)


def _shown(text: str) -> str:
    """Leave out what no page can show, and what PostgreSQL refuses: it came from outside."""
    return "".join(each if each.isprintable() else "�" for each in text)[:REASON_CHARACTERS]


def resolve(subscription_id: str, *, now: datetime) -> None:
    problems = SubscriptionProblem.objects.open()
    problems.filter(stripe_subscription_id=subscription_id).update(resolved_at=now)
