from billing.models.customer import Customer
from billing.models.membership import Membership, MembershipStatus
from billing.models.payment import Payment, PaymentKind
from billing.models.plans import Cycle, Plan, Tier
from billing.models.problem import SubscriptionProblem

__all__ = [
    "Customer",
    "Cycle",
    "Membership",
    "MembershipStatus",
    "Payment",
    "PaymentKind",
    "Plan",
    "SubscriptionProblem",
    "Tier",
]
