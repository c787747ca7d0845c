"""What Stripe's events set off. Each says only "look again", so each gives on nothing but an id.

Called under the customer's lease, inside a transaction. Safe to run twice and in any order.
"""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from billing.models import Membership
from billing.stripe_shapes import id_of, invoice_subscription_id
from billing.sync import refresh_membership

Subject = dict[str, Any]


def look_again(event: dict[str, Any]) -> None:
    """Bring every membership into line that the event may be about."""
    for subscription_id in subscriptions_of(event):
        refresh_membership(subscription_id, now=timezone.now())


def subscriptions_of(event: dict[str, Any]) -> list[str]:
    """Return the ids of the subscriptions to look at; most events are about one or none."""
    for beginning, find in FINDERS.items():
        if event["type"].startswith(beginning):
            return [name for name in find(event["data"]["object"]) if name]
    return []


def _itself(subject: Subject) -> list[str]:
    return [id_of(subject)]


def _its_own(subject: Subject) -> list[str]:
    return [id_of(subject.get("subscription"))]


def _invoiced(subject: Subject) -> list[str]:
    # A one-off invoice has no subscription and makes no membership.
    return [invoice_subscription_id(subject)]


def _of_its_customer(subject: Subject) -> list[str]:
    """A charge does not say what it paid for, so all that its customer has is looked at."""
    customer = id_of(subject.get("customer"))
    known = Membership.objects.filter(stripe_customer_id=customer) if customer else None
    return list(known.values_list("stripe_subscription_id", flat=True)) if known else []


# By the beginning of the event's type; the first that fits counts.
FINDERS: dict[str, Callable[[Subject], list[str]]] = {
    "checkout.session.": _its_own,
    "customer.subscription.": _itself,
    "subscription_schedule.": _its_own,
    "invoice.": _invoiced,
    "credit_note.": _of_its_customer,
    "charge.refunded": _of_its_customer,
}
