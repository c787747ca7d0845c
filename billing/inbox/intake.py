"""The way in: one row for each event, in the request that brought it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django_q.tasks import async_task

from billing import revenue
from billing.models import Arrival, IncomingEvent
from billing.stripe_shapes import id_of, invoice_subscription_id
from billing.webhook_guard import Delivery

WORK = "billing.inbox.work_off"


@transaction.atomic
def take_in(delivery: Delivery, *, now: datetime, soon: bool = True) -> IncomingEvent:
    """Store the event, or count that it was sent again; with `soon` the worker is told of it.

    Who sends one again that had failed, by a button of Stripe's for instance, has it tried at once.
    """
    event, is_new = IncomingEvent.objects.get_or_create(
        stripe_id=delivery.event["id"], defaults=_columns(delivery, now)
    )
    if is_new:
        revenue.remember(delivery.event)
    else:
        same = IncomingEvent.objects.filter(pk=event.pk)
        same.update(seen=F("seen") + 1)
        is_new = bool(same.filter(status=Arrival.FAILED).update(next_try_at=now))
    if soon and is_new:
        # In the same transaction: no event without its task. Should the task be lost, the
        # command stripe_events finds the event within a minute.
        async_task(WORK, event.stripe_customer_id, save=False)
    return event


def _columns(delivery: Delivery, now: datetime) -> dict[str, Any]:
    subject = delivery.event["data"]["object"]
    return {
        "type": delivery.event["type"],
        "stripe_customer_id": customer_of(subject),
        "stripe_subscription_id": subscription_of(subject),
        "body": delivery.body,
        "received_at": now,
        "next_try_at": now,
    }


def customer_of(subject: dict[str, Any]) -> str:
    """Return the id of the customer that an object is or belongs to; "" for none."""
    return id_of(subject if subject.get("object") == "customer" else subject.get("customer"))


def subscription_of(subject: dict[str, Any]) -> str:
    """Return the id of the subscription that an object is or belongs to; "" for none."""
    if subject.get("object") == "subscription":
        return id_of(subject)
    return invoice_subscription_id(subject)
