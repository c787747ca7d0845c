"""One try, within the rules that keep a bank patient: by “charge now”, or with a card just put in.

Never on a timer: Stripe's own timetable does that.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import stripe

from accounts.templatetags.site import pounds
from billing import gateway
from billing.dunning import reminding
from billing.dunning.causes import reason_for
from billing.locks import Held, LeaseLost
from billing.models import Episode, PaymentMethod

logger = logging.getLogger(__name__)

MOST_TRIES = 15  # in 30 days: what the card schemes allow
SAME_METHOD_AFTER = timedelta(hours=24)
UNDER_WAY = "It is being charged at this very moment. Look again in a minute."
NOT_KNOWN = (
    "Stripe gave no answer. It may have been charged all the same: look again in a minute, before "
    "you press again."
)


class ChargeRefused(Exception):
    """It must not be charged now; the message says why."""


@dataclass(frozen=True)
class Offer:
    """What a press of the button will do; `obstacle` says why it would not."""

    episode: Episode
    method: PaymentMethod | None
    obstacle: str


def offer(episode_pk: int, *, now: datetime) -> Offer:
    """Look at Stripe and say what would be charged. Raises StripeUnavailable."""
    episode = reminding.look(episode_pk, now=now)
    method = reminding.method_of(episode)
    return Offer(episode, method, obstacle(episode, method, now))


def obstacle(episode: Episode, method: PaymentMethod | None, now: datetime) -> str:
    if episode.closed_at:
        return f"There is nothing to charge: {episode.get_outcome_display().lower()}."
    if episode.is_processing:
        return "A bank payment is under way. It takes up to seven working days: please wait for it."
    if method is None or not method.stripe_id:
        return "There is no card on file to charge. Send the link to pay instead."
    if episode.recent_tries >= MOST_TRIES:
        return (
            f"It was tried {episode.recent_tries} times in 30 days; banks allow {MOST_TRIES}. "
            "Send the link to pay instead."
        )
    return _too_soon(episode, method, now)


def _too_soon(episode: Episode, method: PaymentMethod, now: datetime) -> str:
    is_new = method.stripe_id != episode.tried_method_id or _is_later(episode, method)
    failed_at = _failed_at(episode)
    if is_new or now - failed_at >= SAME_METHOD_AFTER:
        return ""
    hours = ceil((failed_at + SAME_METHOD_AFTER - now) / timedelta(hours=1))
    return (
        f"{method} was refused less than 24 hours ago. Try again in {hours} "
        f"hour{'' if hours == 1 else 's'}, or as soon as the member has put in another card."
    )


def _is_later(episode: Episode, method: PaymentMethod) -> bool:
    """Whether the method has changed since the last failure."""
    return method.changed_at is not None and method.changed_at > _failed_at(episode)


def _failed_at(episode: Episode) -> datetime:
    return episode.last_failed_at or episode.first_failed_at


def charge(episode_pk: int, *, now: datetime) -> str:
    """Charge what `offer` shows and return what came of it, in words.

    Raises ChargeRefused, StripeUnavailable.
    """
    with _alone(episode_pk) as held:
        offered = offer(episode_pk, now=now)
        if offered.obstacle or offered.method is None:
            raise ChargeRefused(offered.obstacle)
        return _charge(offered.episode, offered.method, held, now)


def charge_new_method(episode_pk: int, *, now: datetime) -> str:
    """Charge a card that the member has put in since the last failure; "" where there is none.

    Once: a card that was tried is not new any more. Raises StripeUnavailable.
    """
    try:
        with _alone(episode_pk) as held:
            offered = offer(episode_pk, now=now)
            if _is_new(offered):
                return _charge(offered.episode, offered.method, held, now)
    except ChargeRefused as refusal:
        return str(refusal)
    return ""


def _is_new(offered: Offer) -> bool:
    episode, method = offered.episode, offered.method
    if offered.obstacle or method is None or method.stripe_id == episode.tried_method_id:
        return False
    return _is_later(episode, method)


@contextmanager
def _alone(episode_pk: int) -> Iterator[Held]:
    """Let one press at a time look and charge: the next one sees what came of it."""
    held = Held()
    if not held.take(f"charge-{episode_pk}"):
        raise ChargeRefused(UNDER_WAY)
    try:
        yield held
    except LeaseLost as lost:
        raise ChargeRefused(UNDER_WAY) from lost
    finally:
        held.let_go()


def _charge(episode: Episode, method: PaymentMethod, held: Held, now: datetime) -> str:
    held.renew()  # the look may have taken long
    key = _key(episode, method)
    try:
        result = gateway.pay_invoice(episode.stripe_invoice_id, method.stripe_id, key=key)
    except gateway.StripeUnavailable as silence:
        if isinstance(silence.__cause__, stripe.InvalidRequestError):  # it said no
            raise
        raise ChargeRefused(NOT_KNOWN) from silence
    _catch_up(episode, now)
    if result == gateway.collecting.PAID:
        return f"{pounds(episode.amount_pence)} was paid by {method}."
    if result == gateway.collecting.PROCESSING:
        return f"The payment by {method} is under way; it takes some days until it is known."
    return f"{method} was refused: {reason_for(result).staff}. Nothing was charged."


def _catch_up(episode: Episode, now: datetime) -> None:
    """Show at once what came of it; where that fails, the webhooks do. The try itself is over."""
    try:
        reminding.look(episode.pk, now=now)
    except (gateway.StripeUnavailable, LeaseLost) as error:
        logger.warning("%s waits for its webhook: %s", episode.stripe_invoice_id, error)


def _key(episode: Episode, method: PaymentMethod) -> str:
    """Two presses are one charge: the invoice, the method, and the failure that came before.

    Without that last part Stripe would answer a new try, a day later, with the old refusal.
    """
    failed_at = int(_failed_at(episode).timestamp())
    return f"pay-{episode.stripe_invoice_id}-{method.stripe_id}-{failed_at}"
