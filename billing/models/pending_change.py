from django.db import models

from billing.models.membership import Membership
from billing.models.plans import Cycle, Tier


class PendingChange(models.Model):
    """What a membership becomes once its owner's bank has the payment confirmed.

    Written only by `billing/pending_changes.py`. Pence, VAT included.
    """

    membership = models.OneToOneField(
        Membership, on_delete=models.CASCADE, related_name="pending_change"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="pending_changes")
    billing_cycle = models.CharField(max_length=10, choices=Cycle)
    amount_pence = models.PositiveIntegerField("to pay (pence)")
    pay_url = models.URLField("where to pay", max_length=1000, blank=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tier} {self.get_billing_cycle_display().lower()}, not yet confirmed"

    def is_to(self, tier_id: int, cycle: str) -> bool:
        return (self.tier_id, self.billing_cycle) == (tier_id, cycle)
