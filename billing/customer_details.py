"""Stripe's customer follows its owner: name, address and telephone number, once they have changed.

What Stripe was told is kept, and compared with what the owner says now. So nothing needs to notice
the change as it happens, and a Stripe that was away is told later.
"""

from collections.abc import Iterator

from billing import gateway
from billing.models import Customer


def forget_erased() -> None:
    """Of an owner who was erased, keep nothing that Stripe was told."""
    Customer.objects.filter(owner=None).exclude(told={}).update(told={})


def outdated() -> Iterator[Customer]:
    """Yield the customers whose owner is no longer as Stripe was told."""
    customers = Customer.objects.filter(owner__isnull=False).select_related("owner__user")
    for customer in customers.order_by("pk").iterator():
        if customer.told != gateway.details_of(customer.owner):
            yield customer


def tell(customer: Customer) -> bool:
    """Return whether Stripe has the customer. One that is gone is not asked after again: the next
    payment makes a new one.

    Raises StripeUnavailable.
    """
    details = gateway.details_of(customer.owner)
    is_there = gateway.tell_details(customer.stripe_id, details)
    # Not over a customer that was made anew meanwhile.
    same = Customer.objects.filter(pk=customer.pk, stripe_id=customer.stripe_id)
    same.update(told=details)
    return is_there
