from django.db import models

from billing.models.membership import Membership
from billing.models.plans import Cycle, Tier


class ScheduledChange(models.Model):
    """What a membership becomes at its next renewal, as Stripe's schedule says.

    Written only by `billing/scheduled_changes.py`. Pence for one cycle, as `Membership` has them.
    """

    membership = models.OneToOneField(
        Membership, on_delete=models.CASCADE, related_name="scheduled_change"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="scheduled_changes")
    billing_cycle = models.CharField(max_length=10, choices=Cycle)
    net_pence = models.PositiveIntegerField("price without VAT (pence)")
    vat_pence = models.PositiveIntegerField("VAT (pence)")
    starts_on = models.DateField()

    def __str__(self) -> str:
        return f"{self.tier} {self.get_billing_cycle_display().lower()} from {self.starts_on}"

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence
