"""Importing these modules registers them: Django's autodiscovery imports this package alone."""

from billing.admin.closed_month import ClosedMonthAdmin
from billing.admin.exception import ListingExceptionAdmin
from billing.admin.incoming_event import IncomingEventAdmin
from billing.admin.payment import PaymentAdmin
from billing.admin.price_list import FeatureAdmin, PlanAdmin, TierAdmin
from billing.admin.problem import SubscriptionProblemAdmin
from billing.admin.reconcile_run import ReconcileRunAdmin

__all__ = [
    "ClosedMonthAdmin",
    "FeatureAdmin",
    "ListingExceptionAdmin",
    "IncomingEventAdmin",
    "PaymentAdmin",
    "PlanAdmin",
    "ReconcileRunAdmin",
    "SubscriptionProblemAdmin",
    "TierAdmin",
]
