"""What billing does when rows of the apps to its left change."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Owner
from billing import revenue


@receiver(post_delete, sender=Owner, dispatch_uid="billing.keep_revenue_of_erased")
def keep_revenue_of_erased(instance: Owner, **kwargs: Any) -> None:
    revenue.keep_of_erased(instance.pk, now=timezone.now())
