"""Which notice a yearly member gets before the renewal, and why none: pure."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime

from accounts.london import day_of
from billing.dunning import office_hours
from billing.dunning.plan import Plan
from billing.models import Cycle, MembershipStatus, NoticeKind

EARLY, LATE = 30, 7  # days before the renewal

RENEWAL = {EARLY: NoticeKind.RENEWAL_30, LATE: NoticeKind.RENEWAL_7}
CARD = {EARLY: NoticeKind.CARD_30, LATE: NoticeKind.CARD_7}


@dataclass(frozen=True)
class Renewal:
    """`sent`: the kinds of mail that went out about the renewal of this very day."""

    day: date | None
    cycle: str
    status: str
    has_address: bool = True
    card_expires_first: bool = False
    sent: Set[str] = frozenset()


def plan_renewal_notice(renewal: Renewal, now: datetime) -> Plan:
    return _plan(renewal, RENEWAL, now)


def plan_card_notice(renewal: Renewal, now: datetime) -> Plan:
    if not renewal.card_expires_first:
        return Plan(None, "The card is good beyond the renewal.")
    return _plan(renewal, CARD, now)


def _plan(renewal: Renewal, kinds: dict[int, NoticeKind], now: datetime) -> Plan:
    if renewal.cycle != Cycle.ANNUAL:
        return Plan(None, "Monthly members get no mail before a payment.")
    if renewal.day is None or renewal.status != MembershipStatus.ACTIVE:
        return Plan(None, "It does not renew as it stands.")
    if not renewal.has_address:
        return Plan(None, "No owner to write to.")
    left = (renewal.day - day_of(now)).days
    if not 0 < left <= EARLY:
        return Plan(None, f"The renewal is {left} days away.")
    kind = kinds[LATE if left <= LATE else EARLY]
    if kind in renewal.sent:
        return Plan(None, f"{left} days to the renewal: the mail about it is sent.")
    if not office_hours.is_open(now):
        return Plan(None, "Waits for office hours, 9 to 18 in London.")
    return Plan(kind, f"{left} days to the renewal.")
