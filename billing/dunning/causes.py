"""The one table of what a bank's refusal means: what has to be done, and how it is said.

The member's words never accuse: a bank that says “stolen” may be mistaken, and the member may be
reading along with somebody. Codes: https://docs.stripe.com/declines/codes
"""

from dataclasses import dataclass

from billing.models import Cause

NO_CARD = "no_payment_method"
NEW_CARD = "Your bank no longer accepts this card, so another one is needed."


@dataclass(frozen=True)
class Reason:
    """`member` completes no sentence, it is one; `staff` is for the board."""

    cause: Cause
    member: str
    staff: str


def _soft(member: str, staff: str) -> Reason:
    return Reason(Cause.SOFT, member, staff)


def _final(member: str, staff: str) -> Reason:
    return Reason(Cause.NEW_CARD, member, staff)


CONFIRM = Reason(
    Cause.AUTHENTICATION,
    "Your bank asks you to confirm this payment.",
    "Must be confirmed at the bank",
)
UNKNOWN = _soft(
    "Your bank did not accept the payment, and gave no reason.", "Declined without a reason"
)

REASONS = {
    "insufficient_funds": _soft(
        "There was not enough money on the card on the day.", "Not enough money on the card"
    ),
    "card_velocity_exceeded": _soft(
        "The card has reached its limit.", "The card's limit is reached"
    ),
    "withdrawal_count_limit_exceeded": _soft(
        "The card has reached its limit.", "The card's limit is reached"
    ),
    "approve_with_id": _soft("Your bank did not accept the payment.", "The bank could not approve"),
    "issuer_not_available": _soft("Your bank could not be reached.", "The bank was not reachable"),
    "processing_error": _soft("Something went wrong at your bank.", "An error at the bank"),
    "reenter_transaction": _soft("Something went wrong at your bank.", "An error at the bank"),
    "try_again_later": _soft("Your bank did not accept the payment.", "The bank says: later"),
    "do_not_honor": _soft(
        "Your bank did not accept the payment, and gave no reason.", "Declined without a reason"
    ),
    "generic_decline": UNKNOWN,
    "expired_card": _final("The card has expired.", "The card has expired"),
    "incorrect_number": _final("The card's number is not right.", "The card number is wrong"),
    "invalid_account": _final(NEW_CARD, "The card or its account is closed"),
    "new_account_information_available": _final(NEW_CARD, "The card was replaced by the bank"),
    "card_not_supported": _final(
        "This card cannot be used for this payment.", "The card cannot pay for this"
    ),
    "currency_not_supported": _final(
        "This card cannot pay in pounds.", "The card cannot pay in pounds"
    ),
    "lost_card": _final(NEW_CARD, "Reported lost: do not tell"),
    "stolen_card": _final(NEW_CARD, "Reported stolen: do not tell"),
    "pickup_card": _final(NEW_CARD, "Withdrawn by the bank: do not tell"),
    "restricted_card": _final(NEW_CARD, "Restricted by the bank"),
    "fraudulent": _final(NEW_CARD, "Misuse suspected: do not tell"),
    "highest_risk_level": _final(NEW_CARD, "Blocked by Stripe as too risky"),
    "security_violation": _final(NEW_CARD, "Refused by the bank for good"),
    "transaction_not_allowed": _final(
        "Your bank does not allow this payment with this card.", "The bank does not allow it"
    ),
    "revocation_of_authorization": _final(
        "Your bank was told to stop these payments.", "The member's bank stopped these payments"
    ),
    "revocation_of_all_authorizations": _final(
        "Your bank was told to stop these payments.", "The member's bank stopped all payments"
    ),
    "stop_payment_order": _final(
        "Your bank was told to stop these payments.", "The member's bank stopped these payments"
    ),
    NO_CARD: _final("There is no card on file for it.", "No card on file"),
    "authentication_required": CONFIRM,
    "payment_intent_authentication_failure": CONFIRM,
    "requires_action": CONFIRM,
}


def reason_for(code: str) -> Reason:
    """Return what a decline code means; an unknown one is taken for a passing refusal."""
    return REASONS.get(code, UNKNOWN)
