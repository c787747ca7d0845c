"""What billing does when rows are written or deleted past it."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Owner
from billing import revenue
from billing.models import Payment
from billing.revenue.tallies import CASH


@receiver(post_delete, sender=Owner, dispatch_uid="billing.keep_revenue_of_erased")
def keep_revenue_of_erased(instance: Owner, **kwargs: Any) -> None:
    revenue.keep_of_erased(instance.pk, now=timezone.now())


@receiver(post_save, sender=Payment, dispatch_uid="billing.count_payment")
def count_payment(instance: Payment, *, created: bool, raw: bool, **kwargs: Any) -> None:
    """Count it into its month; a fixture brings the sums with it."""
    if created and not raw:
        CASH.add([instance])
