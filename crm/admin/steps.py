"""Steps that staff take with a house or an enquiry: they write the source, the mirror follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.transitions import TransitionTable
from billing import publishing
from listings import lifecycle


@dataclass(frozen=True)
class Decision:
    by: str
    now: datetime
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a transition table, as staff meet it."""

    name: str
    button: str
    done: str
    table: TransitionTable
    transition: str
    take: Callable[[Any, Decision], None]
    effect: str
    reason_label: str = ""  # empty: the step needs no reason
    longest_reason: int = 0
    look: str = "default"

    def is_offered(self, status: str) -> bool:
        return self.table.allows(self.transition, status)


APPROVE = Step(
    name="approve",
    button="Approve",
    done="approved",
    table=lifecycle.LISTING,
    transition="approve",
    take=lambda house, decision: publishing.approve(house, by=decision.by, now=decision.now),
    effect="Guests can find the house at once.",
    look="primary",
)
REJECT = Step(
    name="reject",
    button="Reject",
    done="rejected",
    table=lifecycle.LISTING,
    transition="reject",
    take=lambda house, decision: publishing.reject(house, reason=decision.reason, now=decision.now),
    effect="The owner reads the reason and can submit the house again.",
    reason_label="Reason, as the owner will read it",
    longest_reason=2000,
    look="danger",
)
LISTING_STEPS = (APPROVE, REJECT)

ENQUIRY_STEPS = (
    Step(
        name="contacted",
        button="Mark as contacted",
        done="marked as contacted",
        table=lifecycle.ENQUIRY,
        transition="mark as contacted",
        take=lambda enquiry, decision: lifecycle.mark_contacted(enquiry, now=decision.now),
        effect="The guest has had an answer. The first answer sets the response time.",
        look="primary",
    ),
    Step(
        name="converted",
        button="Mark as converted",
        done="marked as converted",
        table=lifecycle.ENQUIRY,
        transition="mark as converted",
        take=lambda enquiry, decision: lifecycle.mark_converted(enquiry, now=decision.now),
        effect="The guest has booked.",
    ),
    Step(
        name="lost",
        button="Mark as lost",
        done="marked as lost",
        table=lifecycle.ENQUIRY,
        transition="mark as lost",
        take=lambda enquiry, decision: lifecycle.mark_lost(enquiry, reason=decision.reason),
        effect="The guest will not book.",
        reason_label="Why it was lost",
        longest_reason=200,
    ),
    Step(
        name="spam",
        button="Mark as spam",
        done="marked as spam",
        table=lifecycle.ENQUIRY,
        transition="mark as spam",
        take=lambda enquiry, decision: lifecycle.mark_spam(enquiry),
        effect="The owner no longer sees it. Nothing is deleted.",
        look="danger",
    ),
    Step(
        name="release",
        button="Release from spam",
        done="released",
        table=lifecycle.ENQUIRY,
        transition="release",
        take=lambda enquiry, decision: lifecycle.release_from_spam(enquiry),
        effect="It counts as a new enquiry again.",
    ),
)
