from django.db import models

from accounts.models import Owner


class Customer(models.Model):
    """The one Stripe customer of an owner: how webhooks find the owner, metadata or not."""

    owner = models.OneToOneField(
        Owner, on_delete=models.SET_NULL, null=True, related_name="stripe_customer"
    )
    stripe_id = models.CharField(max_length=255, unique=True)
    # What Stripe was last told of the owner. Only what differs from it is told again, so that an
    # address which somebody changed at Stripe is left alone.
    told = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.stripe_id
