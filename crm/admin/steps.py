"""Steps that staff take with a house or an enquiry: they write the source, the mirror follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.transitions import TransitionTable
from billing import publishing
from crm.admin.base import log
from crm.models import ActivityType, Entity
from listings import lifecycle
from listings.models import Enquiry


@dataclass(frozen=True)
class Decision:
    by: str
    now: datetime
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a source, as staff meet it."""

    name: str
    button: str
    done: str
    is_offered: Callable[[Any], bool]  # asks the source
    take: Callable[[Any, Decision], None]
    effect: str
    reason_label: str = ""  # empty: the step needs no reason
    longest_reason: int = 0
    look: str = "default"


def _where(table: TransitionTable, transition: str) -> Callable[[Any], bool]:
    return lambda source: table.allows(transition, source.status)


APPROVE = Step(
    name="approve",
    button="Approve",
    done="approved",
    is_offered=_where(lifecycle.LISTING, "approve"),
    take=lambda house, decision: publishing.approve(house, by=decision.by, now=decision.now),
    effect="Guests can find the house at once.",
    look="primary",
)
REJECT = Step(
    name="reject",
    button="Reject",
    done="rejected",
    is_offered=_where(lifecycle.LISTING, "reject"),
    take=lambda house, decision: publishing.reject(house, reason=decision.reason, now=decision.now),
    effect="The owner reads the reason and can submit the house again.",
    reason_label="Reason, as the owner will read it",
    longest_reason=2000,
    look="danger",
)
LISTING_STEPS = (APPROVE, REJECT)


@transaction.atomic
def _release_to_owner(enquiry: Enquiry, decision: Decision) -> None:
    reason = lifecycle.release_from_quarantine(enquiry)
    # No mirrored column changes, so no sync would tell of it.
    log(
        Entity.ENQUIRIES,
        enquiry.crm_record,
        ActivityType.UPDATED,
        f"Enquiry released to its owner: {enquiry.guest_name}",
        description=f"It was held back: {reason}.",
    )


ENQUIRY_STEPS = (
    Step(
        name="to-owner",
        button="Release to the owner",
        done="released to the owner",
        is_offered=Enquiry.is_held_back,
        take=_release_to_owner,
        effect="The owner gets the e-mail and finds it among the enquiries.",
        look="primary",
    ),
    Step(
        name="contacted",
        button="Mark as contacted",
        done="marked as contacted",
        is_offered=_where(lifecycle.ENQUIRY, "mark as contacted"),
        take=lambda enquiry, decision: lifecycle.mark_contacted(enquiry, now=decision.now),
        effect="The guest has had an answer. The first answer sets the response time.",
        look="primary",
    ),
    Step(
        name="converted",
        button="Mark as converted",
        done="marked as converted",
        is_offered=_where(lifecycle.ENQUIRY, "mark as converted"),
        take=lambda enquiry, decision: lifecycle.mark_converted(enquiry, now=decision.now),
        effect="The guest has booked.",
    ),
    Step(
        name="lost",
        button="Mark as lost",
        done="marked as lost",
        is_offered=_where(lifecycle.ENQUIRY, "mark as lost"),
        take=lambda enquiry, decision: lifecycle.mark_lost(enquiry, reason=decision.reason),
        effect="The guest will not book.",
        reason_label="Why it was lost",
        longest_reason=200,
    ),
    Step(
        name="spam",
        button="Mark as spam",
        done="marked as spam",
        is_offered=_where(lifecycle.ENQUIRY, "mark as spam"),
        take=lambda enquiry, decision: lifecycle.mark_spam(enquiry),
        effect="The owner no longer sees it. Nothing is deleted.",
        look="danger",
    ),
    Step(
        name="release",
        button="Release from spam",
        done="released",
        is_offered=_where(lifecycle.ENQUIRY, "release"),
        take=lambda enquiry, decision: lifecycle.release_from_spam(enquiry),
        effect="It counts as a new enquiry again.",
    ),
)
