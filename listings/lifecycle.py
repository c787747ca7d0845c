"""Every step that a listing or an enquiry can take. Nothing else assigns a status.

Each function locks its row, checks the step against the stored status, and saves; call them
with `now` from the edge. They raise TransitionNotAllowed with a sentence for the person asking.
"""

from datetime import datetime

from django.db import transaction

from accounts.transitions import Transition, TransitionNotAllowed, TransitionTable, lock
from listings.choices import EnquiryStatus, ListingStatus
from listings.models import Enquiry, Property
from listings.owner_mail import tell_owner

LISTING = TransitionTable(
    "a listing",
    {status: label.lower() for status, label in ListingStatus.choices}
    | {ListingStatus.DRAFT: "a draft"},
    {
        "submit": Transition(
            {ListingStatus.DRAFT, ListingStatus.REJECTED, ListingStatus.EXPIRED},
            ListingStatus.PENDING_APPROVAL,
            "be submitted for approval",
        ),
        "approve": Transition({ListingStatus.PENDING_APPROVAL}, ListingStatus.LIVE, "be approved"),
        "reject": Transition(
            {ListingStatus.PENDING_APPROVAL}, ListingStatus.REJECTED, "be rejected"
        ),
        "pause": Transition({ListingStatus.LIVE}, ListingStatus.PAUSED, "be paused"),
        "resume": Transition({ListingStatus.PAUSED}, ListingStatus.LIVE, "be resumed"),
        "expire": Transition(
            {ListingStatus.LIVE, ListingStatus.PAUSED}, ListingStatus.EXPIRED, "expire"
        ),
    },
)

ENQUIRY = TransitionTable(
    "an enquiry",
    {status: label.lower() for status, label in EnquiryStatus.choices},
    {
        "mark as contacted": Transition(
            {EnquiryStatus.NEW, EnquiryStatus.LOST},
            EnquiryStatus.CONTACTED,
            "be marked as contacted",
        ),
        "mark as converted": Transition(
            {EnquiryStatus.NEW, EnquiryStatus.CONTACTED, EnquiryStatus.LOST},
            EnquiryStatus.CONVERTED,
            "be marked as converted",
        ),
        "mark as lost": Transition(
            {EnquiryStatus.NEW, EnquiryStatus.CONTACTED, EnquiryStatus.CONVERTED},
            EnquiryStatus.LOST,
            "be marked as lost",
        ),
        "mark as spam": Transition(
            {EnquiryStatus.NEW, EnquiryStatus.CONTACTED, EnquiryStatus.LOST},
            EnquiryStatus.SPAM,
            "be marked as spam",
        ),
        "release": Transition({EnquiryStatus.SPAM}, EnquiryStatus.NEW, "be released from spam"),
    },
)


class ReasonMissing(ValueError):
    """A step that must say why was asked for without a reason."""


# --- Listings -----------------------------------------------------------------------------------


@transaction.atomic
def submit(house: Property, *, now: datetime) -> None:
    """Put a listing before staff. Whether its owner may do so is `billing.publishing`'s rule."""
    LISTING.move(house, "submit", submitted_at=now, rejection_reason="")


@transaction.atomic
def approve(house: Property, *, by: str, now: datetime) -> None:
    LISTING.move(house, "approve", approved_at=now, approved_by=by, expired_at=None)


@transaction.atomic
def reject(house: Property, *, reason: str, now: datetime) -> None:
    LISTING.move(house, "reject", rejected_at=now, rejection_reason=_needed(reason))


@transaction.atomic
def pause(house: Property, *, now: datetime) -> None:
    LISTING.move(house, "pause", paused_at=now)


@transaction.atomic
def resume(house: Property) -> None:
    LISTING.move(house, "resume", paused_at=None)


@transaction.atomic
def expire(house: Property, *, now: datetime) -> None:
    LISTING.move(house, "expire", expired_at=now)


# --- Enquiries ----------------------------------------------------------------------------------


@transaction.atomic
def mark_contacted(enquiry: Enquiry, *, now: datetime) -> None:
    _answer(enquiry, "mark as contacted", now)


@transaction.atomic
def mark_converted(enquiry: Enquiry, *, now: datetime) -> None:
    _answer(enquiry, "mark as converted", now)


@transaction.atomic
def mark_lost(enquiry: Enquiry, *, reason: str) -> None:
    ENQUIRY.move(enquiry, "mark as lost", lost_reason=_needed(reason))


@transaction.atomic
def mark_spam(enquiry: Enquiry) -> None:
    ENQUIRY.move(enquiry, "mark as spam")


@transaction.atomic
def release_from_spam(enquiry: Enquiry) -> None:
    ENQUIRY.move(enquiry, "release")


@transaction.atomic
def release_from_quarantine(enquiry: Enquiry) -> str:
    """Let the owner see it and hear of it as if it came in now; return why it was held back."""
    lock(enquiry)
    if not enquiry.is_held_back():
        spam = "spam" if enquiry.status == EnquiryStatus.SPAM else "not"
        raise TransitionNotAllowed(
            f"Only an enquiry that is held back can be released to its owner; this one is {spam}."
        )
    reason, enquiry.quarantine_reason = enquiry.quarantine_reason, ""
    enquiry.save(update_fields=["quarantine_reason", "updated_at"])
    tell_owner(enquiry)
    return reason


def _answer(enquiry: Enquiry, step: str, now: datetime) -> None:
    # The first answer is the one that counts for the response time.
    ENQUIRY.move(enquiry, step, first_response_at=enquiry.first_response_at or now)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing("Say why, so that the person concerned knows what to do.")
    return reason.strip()
