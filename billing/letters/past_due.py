"""A payment fails: said plainly, with the amount, the reason, what to do and until when."""

from accounts.london import day_of
from accounts.templatetags.site import pounds
from billing.dunning.causes import reason_for
from billing.dunning.plan import grace_ends_on
from billing.letters.letter import Button, Letter, day, page
from billing.letters.membership import about, farewell, off_show, tier
from billing.models import Cause, Episode, NoticeKind, PaymentMethod

WHAT_TO_DO = {
    Cause.SOFT: (
        "You can pay now, with this card or another one. The payment page below needs no login."
    ),
    Cause.NEW_CARD: (
        "Trying the same card again will not help. Please pay with another one: the payment page "
        "below needs no login."
    ),
    Cause.AUTHENTICATION: (
        "Please open the payment page below and confirm the payment as your bank asks you to. It "
        "needs no login."
    ),
}
CHANGE_IT = (
    "To use another card for later payments as well, log in and choose “Card and invoices” among "
    "your houses."
)
ANSWER = "If anything is unclear, answer this e-mail: a person reads it."


def past_due(kind: str, episode: Episode, method: PaymentMethod | None) -> Letter:
    ends = day(grace_ends_on(episode.first_failed_at))
    name = _name(episode)
    opening = {
        NoticeKind.PAST_DUE_FIRST: (
            f"The payment for {name} did not go through",
            f"We could not take the payment for your {tier(episode.membership)} membership.",
        ),
        NoticeKind.PAST_DUE_REMINDER: (
            f"Reminder: the payment for {name} is still open",
            f"The payment for your {tier(episode.membership)} membership is still open.",
        ),
        NoticeKind.PAST_DUE_LAST_CALL: (
            f"Last reminder: your membership ends on {ends}",
            f"The payment for your {tier(episode.membership)} membership is still open. Without "
            f"it the membership ends on {ends}.",
        ),
        NoticeKind.PAY_LINK: (
            f"The link to pay for {name}",
            f"Here is the link to pay for your {tier(episode.membership)} membership.",
        ),
    }
    subject, first = opening[NoticeKind(kind)]
    return Letter(
        subject=subject,
        paragraphs=[
            f"{first} {reason_for(episode.decline_code).member}",
            WHAT_TO_DO[Cause(episode.cause)],
            f"Your listing stays as it is until {ends}.",
        ],
        facts=_facts(episode, method),
        button=Button(_label(episode), episode.pay_url or page("dashboard")),
        after=[CHANGE_IT, ANSWER],
    )


def ended_unpaid(episode: Episode) -> Letter:
    return farewell(
        episode.membership,
        f"We could not take the payment for your {tier(episode.membership)} membership, so it "
        f"has ended.{off_show(episode.membership)} We do not try the card again.",
        ANSWER,
    )


def _name(episode: Episode) -> str:
    house = episode.membership.property
    return house.title if house else "your membership"


def _label(episode: Episode) -> str:
    if episode.cause == Cause.AUTHENTICATION:
        return "Confirm the payment"
    return f"Pay {pounds(episode.amount_pence)} now"


def _facts(episode: Episode, method: PaymentMethod | None) -> list[tuple[str, str]]:
    facts = [("Amount", f"{pounds(episode.amount_pence)} with VAT"), *about(episode.membership)]
    if method and method.last4:
        facts.append(("Card", str(method)))
    if episode.next_attempt_at and episode.cause == Cause.SOFT:
        facts.append(("Next try", f"by itself on {day(day_of(episode.next_attempt_at))}"))
    return facts
