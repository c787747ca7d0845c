"""Importing these modules registers them: Django's autodiscovery imports this package alone."""

from billing.admin.exception import ListingExceptionAdmin
from billing.admin.payment import PaymentAdmin
from billing.admin.price_list import FeatureAdmin, PlanAdmin, TierAdmin
from billing.admin.problem import SubscriptionProblemAdmin

__all__ = [
    "FeatureAdmin",
    "ListingExceptionAdmin",
    "PaymentAdmin",
    "PlanAdmin",
    "SubscriptionProblemAdmin",
    "TierAdmin",
]
