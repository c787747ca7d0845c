"""Importing these modules registers them: Django's autodiscovery imports this package alone."""

from billing.admin.payment import PaymentAdmin
from billing.admin.price_list import PlanAdmin, TierAdmin
from billing.admin.problem import SubscriptionProblemAdmin

__all__ = ["PaymentAdmin", "PlanAdmin", "SubscriptionProblemAdmin", "TierAdmin"]
