from billing.models.customer import Customer
from billing.models.incoming_event import Arrival, IncomingEvent
from billing.models.lease import Lease
from billing.models.membership import Membership, MembershipStatus
from billing.models.payment import Payment, PaymentKind
from billing.models.plans import Cycle, Plan, Tier
from billing.models.problem import SubscriptionProblem

__all__ = [
    "Arrival",
    "Customer",
    "Cycle",
    "IncomingEvent",
    "Lease",
    "Membership",
    "MembershipStatus",
    "Payment",
    "PaymentKind",
    "Plan",
    "SubscriptionProblem",
    "Tier",
]
