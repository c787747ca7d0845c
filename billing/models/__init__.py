from billing.models.closed_month import ClosedMonth, MonthAdjustment
from billing.models.customer import Customer
from billing.models.dunning import Cause, Episode, Outcome, PaymentMethod, ReminderPause
from billing.models.exception import ListingException
from billing.models.incoming_event import Arrival, IncomingEvent
from billing.models.lease import Lease
from billing.models.membership import Membership, MembershipStatus
from billing.models.notice import Notice, NoticeKind
from billing.models.payment import Payment, PaymentKind
from billing.models.pending_change import PendingChange
from billing.models.plans import Cycle, Feature, Plan, Tier
from billing.models.problem import SubscriptionProblem
from billing.models.reconcile_run import ReconcileRun
from billing.models.revenue import (
    EndReason,
    Movement,
    RevenueChange,
    RevenueSpan,
    Standing,
    SubscriptionMoment,
)
from billing.models.scheduled_change import ScheduledChange
from billing.models.tallies import CashTally, MovementTally, SpanTally

__all__ = [
    "MonthAdjustment",
    "ClosedMonth",
    "SpanTally",
    "MovementTally",
    "CashTally",
    "SubscriptionMoment",
    "Standing",
    "RevenueSpan",
    "RevenueChange",
    "Movement",
    "EndReason",
    "Arrival",
    "Cause",
    "Customer",
    "Cycle",
    "Episode",
    "Feature",
    "IncomingEvent",
    "Lease",
    "ListingException",
    "Membership",
    "MembershipStatus",
    "Notice",
    "NoticeKind",
    "Outcome",
    "Payment",
    "PaymentKind",
    "PaymentMethod",
    "PendingChange",
    "Plan",
    "ReconcileRun",
    "ReminderPause",
    "ScheduledChange",
    "SubscriptionProblem",
    "Tier",
]
