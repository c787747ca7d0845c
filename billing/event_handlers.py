"""What Stripe's events set off. Each says only "look again", so each gives on nothing but an id.

Called under the customer's lease, inside a transaction. Safe to run twice and in any order.
"""

from collections.abc import Callable, Collection
from typing import Any

from django.utils import timezone

from billing.gateway.charges import fetch_charge
from billing.models import Membership
from billing.stripe_shapes import id_of, invoice_subscription_id
from billing.sync import refresh_membership

Subject = dict[str, Any]


def look_again(event: dict[str, Any], *, but: Collection[str] = ()) -> list[str]:
    """Bring every membership into line that the event may be about; return their subscriptions.

    `but` names those that have been brought into line since Stripe was last asked.
    """
    subscriptions = subscriptions_of(event)
    for subscription_id in subscriptions:
        if subscription_id not in but:
            refresh_membership(subscription_id, now=timezone.now())
    return subscriptions


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
    if not customer:
        return []
    known = Membership.objects.filter(stripe_customer_id=customer).order_by("pk")
    return list(known.values_list("stripe_subscription_id", flat=True))


def _of_its_charge(subject: Subject) -> list[str]:
    """A refund or a dispute names a charge, and no customer."""
    charge_id = id_of(subject.get("charge"))
    # What is no id is about nothing, and no later try would make it one.
    charge = fetch_charge(charge_id) if charge_id and isinstance(charge_id, str) else None
    return _of_its_customer(charge) if charge else []


# By the beginning of the event's type; the first that fits counts.
FINDERS: dict[str, Callable[[Subject], list[str]]] = {
    "checkout.session.": _its_own,
    "customer.subscription.": _itself,
    "subscription_schedule.": _its_own,
    "invoice.": _invoiced,
    "credit_note.": _of_its_customer,
    "charge.dispute.": _of_its_charge,
    "charge.refunded": _of_its_customer,
    "refund.": _of_its_charge,
}
