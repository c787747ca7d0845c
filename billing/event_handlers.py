"""What Stripe's events set off. Each says only "look again", so each gives on nothing but an id.

dj-stripe calls these inside its transaction: an exception rolls all of it back, and Stripe sends
the event again. Safe to run twice and in any order.
"""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from djstripe.event_handlers import djstripe_receiver
from djstripe.models import Event, WebhookEventTrigger
from djstripe.signals import webhook_pre_process

from billing.locks import hold_until_commit
from billing.stripe_shapes import id_of, invoice_subscription_id
from billing.sync import refresh_membership


@receiver(webhook_pre_process, dispatch_uid="hold_customer_before_processing")
def hold_customer(sender: type, instance: WebhookEventTrigger, **kwargs: Any) -> None:
    """One event of a customer at a time, from before dj-stripe's first fetch to the commit."""
    subject = instance.json_body["data"]["object"]
    customer = subject if subject.get("object") == "customer" else subject.get("customer")
    if id_of(customer):
        hold_until_commit(f"customer:{id_of(customer)}")


@djstripe_receiver("checkout.session.completed")
def refresh_after_checkout(sender: type, event: Event, **kwargs: Any) -> None:
    _refresh(id_of(event.data["object"].get("subscription")))


@djstripe_receiver(
    [
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
    ]
)
def refresh_after_subscription_change(sender: type, event: Event, **kwargs: Any) -> None:
    _refresh(id_of(event.data["object"]))


@djstripe_receiver(["invoice.paid", "invoice.payment_failed"])
def refresh_after_payment(sender: type, event: Event, **kwargs: Any) -> None:
    _refresh(invoice_subscription_id(event.data["object"]))


def _refresh(subscription_id: str) -> None:
    # A one-off invoice or payment has no subscription and makes no membership.
    if subscription_id:
        refresh_membership(subscription_id, now=timezone.now())
