"""What an owner's dashboard says about payments that fail and cards that will not last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from billing.dunning.causes import reason_for
from billing.dunning.plan import grace_ends_on
from billing.models import Cause, Episode, Membership, MembershipStatus, PaymentMethod


@dataclass(frozen=True)
class FailingPayment:
    """`reason` is a sentence; without an episode little more is known than that it failed."""

    membership: Membership
    episode: Episode | None = None

    @property
    def reason(self) -> str:
        known = self.episode is not None and self.episode.decline_code
        return reason_for(self.episode.decline_code).member if known else ""

    @property
    def until(self) -> date | None:
        return grace_ends_on(self.episode.first_failed_at) if self.episode else None

    @property
    def tries_again(self) -> bool:
        """Whether another try of the same card is worth a word."""
        return self.episode is None or self.episode.cause == Cause.SOFT

    @property
    def needs_confirmation(self) -> bool:
        return self.episode is not None and self.episode.cause == Cause.AUTHENTICATION


def failing_payments(memberships: Iterable[Membership]) -> list[FailingPayment]:
    failing = [one for one in memberships if one.status == MembershipStatus.PAST_DUE]
    if not failing:
        return []
    episodes = {
        one.membership_id: one for one in Episode.objects.open().filter(membership__in=failing)
    }
    return [FailingPayment(one, episodes.get(one.pk)) for one in failing]


def expiring_cards(memberships: Iterable[Membership]) -> list[Membership]:
    """Memberships whose card is over before the next payment; `expiring_card` is put on each."""
    renewing = {
        one.pk: one
        for one in memberships
        if one.status == MembershipStatus.ACTIVE and one.auto_renew
    }
    found = []
    for method in PaymentMethod.objects.filter(membership__in=renewing.values()):
        membership = renewing[method.membership_id]
        if method.expires_before(membership.renewal_date):
            membership.expiring_card = method
            found.append(membership)
    return found
