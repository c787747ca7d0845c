from typing import Self

from django.db import models
from django.db.models import Q

from listings.perks import Perk

FULL_PERCENT_IN_BASIS_POINTS = 10_000
COMMITMENT_MONTHS = 12  # of a monthly plan


class Cycle(models.TextChoices):
    ANNUAL = "annual", "Yearly"
    MONTHLY = "monthly", "Monthly"


STRIPE_INTERVALS = {Cycle.ANNUAL: "year", Cycle.MONTHLY: "month"}
CYCLE_OF_INTERVAL = {interval: cycle for cycle, interval in STRIPE_INTERVALS.items()}


class Feature(models.Model):
    """Something that a tier may bring, in the words that owners read.

    The site itself honours those whose code stands in `listings.perks.Perk`; people do the others.
    """

    code = models.SlugField(max_length=30, unique=True)
    text = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower ones come first.")

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text

    @property
    def is_done_by_the_site(self) -> bool:
        return self.code in Perk.values


class Tier(models.Model):
    """A level of membership, and the features that it brings."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    display_name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(unique=True, help_text="Higher is better.")
    features = models.ManyToManyField(Feature, related_name="tiers", blank=True)
    recommended = models.BooleanField(default=False)

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name


class PlanQuerySet(models.QuerySet["Plan"]):
    def on_sale(self) -> Self:
        return self.filter(active=True).select_related("tier").order_by("tier__rank", "cycle")

    def with_features(self) -> Self:
        return self.prefetch_related("tier__features")


class Plan(models.Model):
    """One line of the price list: what a tier costs for a cycle, in pence without VAT."""

    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="plans")
    cycle = models.CharField(max_length=10, choices=Cycle)
    net_pence = models.PositiveIntegerField("price without VAT (pence)")
    vat_basis_points = models.PositiveIntegerField(
        "VAT rate (basis points)", default=2000, help_text="2000 is 20 %."
    )
    currency = models.CharField(max_length=3, default="gbp")
    active = models.BooleanField(default=True, help_text="Owners can choose it.")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["tier__rank", "cycle"]
        constraints = [
            models.UniqueConstraint(
                fields=["tier", "cycle"],
                condition=Q(active=True),
                name="plan_one_active_price_per_tier_and_cycle",
            ),
            models.CheckConstraint(condition=Q(net_pence__gt=0), name="plan_has_a_price"),
            models.CheckConstraint(
                condition=Q(vat_basis_points__lte=FULL_PERCENT_IN_BASIS_POINTS),
                name="plan_vat_is_a_share",
            ),
            # Revenue adds prices up, so there is one currency.
            models.CheckConstraint(condition=Q(currency="gbp"), name="plan_is_in_pounds"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.get_cycle_display().lower()}"

    @property
    def lookup_key(self) -> str:
        """The name of this price at Stripe. It holds the amount, so a sold price never changes."""
        return f"{self.tier.code}_{self.cycle}_{self.currency}_{self.net_pence}"

    @property
    def vat_pence(self) -> int:
        half = FULL_PERCENT_IN_BASIS_POINTS // 2
        return (self.net_pence * self.vat_basis_points + half) // FULL_PERCENT_IN_BASIS_POINTS

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence
