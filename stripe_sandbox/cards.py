"""The test cards, and what each does."""

from dataclasses import dataclass

from stripe_sandbox.errors import StripeError


@dataclass(frozen=True)
class Card:
    number: str
    label: str
    brand: str = "visa"
    pays_at_checkout: bool = True
    pays_later: bool = True
    decline_code: str = "generic_decline"
    disputed: bool = False
    asks: bool = False  # for authentication, whenever it is charged

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))

    def pays(self, *, at_checkout: bool) -> bool:
        return self.pays_at_checkout if at_checkout else self.pays_later


def declining(number: str, label: str, decline_code: str = "generic_decline") -> Card:
    return Card(number, label, pays_at_checkout=False, pays_later=False, decline_code=decline_code)


GOOD = Card("4242424242424242", "Pays")
DECLINED = declining("4000000000000002", "Declines now")
# Stripe's own 0341 attaches and then fails the first charge. Here it pays at checkout and fails
# from the first renewal on: the case a demo of dunning needs.
FAILS_LATER = Card("4000000000000341", "Pays now, declines at renewal", pays_later=False)
NO_FUNDS = declining("4000000000009995", "Declines now: insufficient funds", "insufficient_funds")
LOST = declining("4000000000009987", "Declines now: lost card", "lost_card")
STOLEN = declining("4000000000009979", "Declines now: stolen card", "stolen_card")
EXPIRED = declining("4000000000000069", "Declines now: expired card", "expired_card")
MASTERCARD = Card("5555555555554444", "Pays (Mastercard)", brand="mastercard")
DISPUTED = Card("4000000000000259", "Pays, then the payment is disputed", disputed=True)
ASKS = Card("4000002500003155", "Asks for authentication (3-D Secure)", asks=True)
ALWAYS_ASKS = Card("4000002760003184", "Asks for authentication (3-D Secure)", asks=True)

KNOWN = (
    GOOD,
    DECLINED,
    FAILS_LATER,
    NO_FUNDS,
    LOST,
    STOLEN,
    EXPIRED,
    MASTERCARD,
    DISPUTED,
    ASKS,
    ALWAYS_ASKS,
)
CARDS = {card.number: card for card in KNOWN}
OFFERED = (GOOD, DECLINED, FAILS_LATER, ASKS)


def find_card(number: str) -> Card:
    digits = "".join(letter for letter in number if letter.isdigit())
    if digits not in CARDS:
        raise UnknownCard()
    return CARDS[digits]


class UnknownCard(StripeError):
    status = 402
    type = "card_error"

    def __init__(self):
        message = "Your card number is incorrect. The sandbox only knows its test cards."
        super().__init__(message, code="incorrect_number", param="number")
