"""What the bank answers when a card is charged."""

from dataclasses import dataclass
from datetime import UTC, datetime

from stripe_sandbox.cards import CARDS, Card
from stripe_sandbox.errors import CardDeclined

MESSAGES = {
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "expired_card": "Your card has expired.",
    "insufficient_funds": "Your card has insufficient funds.",
}
# After these Stripe charges nothing again until there is another payment method.
HARD = {
    "authentication_required",
    "highest_risk_level",
    "incorrect_number",
    "lost_card",
    "pickup_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "stolen_card",
    "transaction_not_allowed",
}
PAID, DECLINED, ASKS = "paid", "declined", "asks"


@dataclass(frozen=True)
class Answer:
    result: str
    decline_code: str | None = None

    @property
    def paid(self) -> bool:
        return self.result == PAID

    @property
    def is_final(self) -> bool:
        """Whether trying the same card again is of no use."""
        return self.decline_code in HARD

    @property
    def message(self) -> str:
        return MESSAGES.get(self.decline_code, "Your card was declined.")

    @property
    def code(self) -> str:
        own = ("authentication_required", "expired_card")
        return self.decline_code if self.decline_code in own else "card_declined"

    def error(self, **more) -> CardDeclined:
        return CardDeclined(self.message, self.decline_code, self.code, **more)


def ask(
    payment_method: dict, now: int, *, at_checkout: bool = False, confirmed: bool = False
) -> Answer:
    """`confirmed`: the customer has just authenticated the payment."""
    card = card_of(payment_method)
    said = payment_method.get("_decline")
    if said:
        return Answer(DECLINED, said)
    if has_expired(payment_method["card"], now):
        return Answer(DECLINED, "expired_card")
    if not card.pays(at_checkout=at_checkout):
        return Answer(DECLINED, card.decline_code)
    if card.asks and not confirmed:
        return Answer(ASKS, "authentication_required")
    return Answer(PAID)


def card_of(payment_method: dict) -> Card:
    return CARDS[payment_method["_card_number"]]


def has_expired(card: dict, now: int) -> bool:
    """A card is good to the end of its month."""
    today = datetime.fromtimestamp(now, UTC)
    return (card["exp_year"], card["exp_month"]) < (today.year, today.month)
