"""Remembers what Stripe said a subscription was: by each event, and by a look that differs.

An event holds what was so at its second. A look of ours holds from when we looked; it is kept only
where no event has said the same, so a lost event moves a movement to the day it was noticed, until
`stripe_reconcile` fetches that event.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.london import moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models.revenue import SubscriptionMoment
from billing.revenue.discounts import KnownDiscounts
from billing.revenue.saying import kept_of
from billing.revenue.timeline import Said, check_readable
from billing.revenue.worth import state_at
from billing.state import unreadable_if_garbled

logger = logging.getLogger(__name__)

Json = dict[str, Any]

EVENTS = "customer.subscription."


def remember(event: Json) -> bool:
    """Keep what an event says of a subscription, once; an event about others says nothing.

    Returns whether it was kept just now.

    What has an odd form is left out: the look that every event sets off reports it. The event
    itself is stored and processed whatever becomes of this.
    """
    subject = event["data"]["object"]
    if not event["type"].startswith(EVENTS) or subject.get("object") != "subscription":
        return False
    try:
        moment = _moment(event["id"], subject, event["created"])
        with transaction.atomic():
            known = SubscriptionMoment.objects
            _, is_new = known.get_or_create(source_id=moment.source_id, defaults=_columns(moment))
    except Exception:
        logger.warning("Event %s says nothing that can be kept", event["id"], exc_info=True)
        return False
    return is_new


def forget(subscription_id: str) -> None:
    """Drop what was said of a subscription that Stripe does not have (a deleted test clock's)."""
    SubscriptionMoment.objects.filter(stripe_subscription_id=subscription_id).delete()


def look(subscription: Json, *, now: datetime) -> None:
    """Keep what Stripe says now where nothing said before amounts to it.

    Raises UnreadableSubscription.
    """
    before = sorted(sayings_of([subscription["id"]]), key=lambda said: said.order)
    with unreadable_if_garbled():
        at = max(int(now.timestamp()), *_past_times(subscription))
    moment = _moment(f"look:{subscription['id']}:{at}", subscription, at)
    if before and (before[-1].kept == moment.said or _says_nothing_new(before, moment.said, at)):
        return
    SubscriptionMoment.objects.update_or_create(
        source_id=moment.source_id, defaults=_columns(moment)
    )


def _says_nothing_new(before: list[Said], kept: Json, at: int) -> bool:
    last = before[-1].kept
    known = KnownDiscounts(said.kept for said in before)
    same_prices = _price_ids(last) == _price_ids(kept)
    same_pause = last.get("pause_collection") == kept.get("pause_collection")
    return (
        known.knows(kept)
        and same_prices
        and same_pause  # it says when it ends by itself
        and state_at(last, at, known, ("", "")) == state_at(kept, at, known, ("", ""))
    )


def _price_ids(kept: Json) -> list[str]:
    return [item["price"].get("id", "") for item in shapes.items_of(kept)]


def _past_times(subscription: Json) -> Iterable[int]:
    """Times that Stripe's clock has passed; ours may be behind it."""
    begun = shapes.current_period(subscription)[0]
    return [each for each in (begun, subscription.get("ended_at"), subscription["created"]) if each]


@unreadable_if_garbled()
def _moment(source_id: str, subscription: Json, at: int) -> SubscriptionMoment:
    """Raises UnreadableSubscription."""
    moment = SubscriptionMoment(
        source_id=source_id,
        stripe_subscription_id=subscription["id"],
        stripe_customer_id=shapes.id_of(subscription.get("customer")),
        at=moment_of_timestamp(at),
        said=kept_of(subscription),
    )
    check_readable(said_by(moment))
    return moment


def _columns(moment: SubscriptionMoment) -> dict[str, Any]:
    names = ("stripe_subscription_id", "stripe_customer_id", "at", "said")
    return {name: getattr(moment, name) for name in names}


def sayings_of(subscription_ids: Iterable[str]) -> list[Said]:
    rows = SubscriptionMoment.objects.filter(stripe_subscription_id__in=subscription_ids)
    return [said_by(row) for row in rows]


def said_by(row: SubscriptionMoment) -> Said:
    return Said(int(row.at.timestamp()), row.source_id, row.said)
