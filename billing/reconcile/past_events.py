"""Stripe's events that never came in: each dates a movement of recurring revenue rightly.

What a subscription is now, a look tells; when it became so, only its events do. Stripe lists those
of the last 30 days.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from billing import gateway, revenue
from billing.models.revenue import SubscriptionMoment

logger = logging.getLogger(__name__)

KEPT_BY_STRIPE = timedelta(days=30)
PAGE = 100

Json = dict[str, Any]


def catch_up(*, now: datetime, repair: bool, watch: Callable[[], None]) -> int:
    """Return how many events we had not heard of; with `repair` they are remembered.

    Raises StripeUnavailable, and what `watch` raises, which is called for each event listed.
    """
    missed, page = 0, []
    for event in gateway.list_all("events", since=now - KEPT_BY_STRIPE):
        page.append(event)
        if len(page) == PAGE:
            missed += _learn(page, now=now, repair=repair)
            page = []
        watch()
    missed += _learn(page, now=now, repair=repair)
    if missed:
        logger.info("Events of subscriptions that had never come in: %s", missed)
    return missed


def _learn(page: list[Json], *, now: datetime, repair: bool) -> int:
    unheard = _unheard(page)
    if not repair:
        return len(unheard)
    with transaction.atomic():
        learnt = [event for event in unheard if revenue.remember(event)]
        names = {event["data"]["object"]["id"] for event in learnt}
        revenue.bring_into_line(sorted(names), now=now)
    return len(learnt)


def _unheard(page: Iterable[Json]) -> list[Json]:
    events = {event["id"]: event for event in page}
    heard = SubscriptionMoment.objects.filter(source_id__in=events)
    names = set(heard.order_by().values_list("source_id", flat=True))
    unheard = [event for name, event in events.items() if name not in names]
    known = _known(event["data"]["object"]["id"] for event in unheard)
    return [event for event in unheard if event["data"]["object"]["id"] in known]


def _known(subscription_ids: Iterable[str]) -> set[str]:
    """Return those that we have seen at Stripe: events outlive what was deleted there."""
    seen = SubscriptionMoment.objects.filter(stripe_subscription_id__in=set(subscription_ids))
    return set(seen.order_by().values_list("stripe_subscription_id", flat=True))
