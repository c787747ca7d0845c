"""What an owner's dashboard says about each membership: the next charge, what may be done, and why
something may not."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from billing.changing import is_ending, why_no_change
from billing.models import Cycle, Membership, MembershipStatus, PendingChange, ScheduledChange


@dataclass(frozen=True)
class Charge:
    """Pence; `cycle` says how often."""

    day: date | None
    net_pence: int
    vat_pence: int
    cycle: str
    text: str

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence


@dataclass(frozen=True)
class Action:
    label: str
    url: str


@dataclass(frozen=True)
class Card:
    membership: Membership
    scheduled: ScheduledChange | None
    pending: PendingChange | None  # what the bank wants confirmed first
    charge: Charge | None
    actions: list[Action]
    reason: str  # why the plan cannot be changed; empty where it can

    @property
    def is_unused(self) -> bool:
        return self.membership.is_current and self.membership.property_id is None

    @property
    def is_ending(self) -> bool:
        return is_ending(self.membership)

    @property
    def is_on_hold(self) -> bool:
        """Whether it goes on without its next renewal being charged."""
        return is_on_hold(self.membership)


def card_of(membership: Membership, *, today: date) -> Card:
    """Reads `membership.scheduled_change` and `pending_change`, which should be joined."""
    scheduled = getattr(membership, "scheduled_change", None)
    return Card(
        membership=membership,
        scheduled=scheduled,
        pending=getattr(membership, "pending_change", None),
        charge=next_charge(membership, scheduled, today=today),
        actions=_actions(membership, scheduled),
        reason=why_no_change(membership) if membership.is_current else "",
    )


def is_on_hold(membership: Membership) -> bool:
    renews = membership.status == MembershipStatus.ACTIVE and membership.renewal_date
    return bool(renews) and membership.next_payment_date is None


def next_charge(
    membership: Membership, scheduled: ScheduledChange | None, *, today: date
) -> Charge | None:
    if not membership.is_current:
        return None
    now = (membership.net_pence, membership.vat_pence, membership.billing_cycle)
    if membership.status == MembershipStatus.PAST_DUE:
        return Charge(membership.next_payment_date, *now, "Next try")
    if membership.status == MembershipStatus.EXPIRING_SOON:
        return _last_charges(membership, now, today)
    if is_on_hold(membership):
        return None
    day = membership.next_payment_date
    if scheduled and day and scheduled.starts_on <= day:
        then = (scheduled.net_pence, scheduled.vat_pence, scheduled.billing_cycle)
        return Charge(day, *then, "Next charge")
    return Charge(day, *now, "Next charge")


def _last_charges(membership: Membership, now: tuple, today: date) -> Charge | None:
    """A monthly plan that ends with its twelve months is paid for until then."""
    monthly = membership.billing_cycle == Cycle.MONTHLY
    if monthly and membership.end_date and (membership.end_date - today).days > 31:
        return Charge(None, *now, "Until then, each month")
    return None


def _actions(membership: Membership, scheduled: ScheduledChange | None) -> list[Action]:
    def to(name: str) -> str:
        return reverse(name, args=[membership.pk])

    if not membership.is_current:
        return []
    waits = hasattr(membership, "pending_change")
    back = [Action("Take the change back", to("membership_take_back"))] if waits else []
    if is_ending(membership):
        return [*back, Action("Keep it", to("membership_keep"))]
    actions = [*back, Action("Cancel", to("membership_cancel"))]
    if scheduled:
        actions.insert(0, Action("Drop the planned change", to("membership_drop_plan")))
    if not why_no_change(membership):
        actions.insert(0, Action("Change plan", to("membership_plans")))
    return actions
