"""What happened, as mail: called in the transaction that makes it happen, safe to call twice.

Nothing here asks Stripe: the reminders of a failing payment are the worker's, see `dunning/`.
"""

from datetime import datetime, timedelta
from typing import Any

from django_q.tasks import async_task

from accounts.london import day_of, moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.dunning import episodes, office_hours
from billing.letters import listing, past_due
from billing.letters import membership as about_membership
from billing.mail import send
from billing.models import Episode, Membership, MembershipStatus, NoticeKind, Outcome
from billing.models.membership import CURRENT
from listings.models import Property

# A look at an old subscription (a rebuilt database, say) tells nobody what they know long since.
FRESH = timedelta(days=7)
LOOK = "billing.dunning.job.remind_soon"

Invoices = list[dict[str, Any]]


def after_refresh(
    membership: Membership,
    subscription: dict[str, Any],
    invoices: Invoices,
    *,
    was: str | None,
    now: datetime,
) -> None:
    """`was`: the status before, None for a membership that is new."""
    owed = shapes.owed_or_settled(subscription, invoices)
    failing = episodes.follow(membership, owed, now=now)
    if failing:
        # In this transaction: the worker then asks Stripe why, and writes if that is due.
        async_task(LOOK, failing.pk, task_name=f"look at failing payment {failing.pk}")
    _tell_of_beginning(membership, subscription, invoices, now)
    if was in CURRENT and not membership.is_current:
        _tell_of_end(membership, subscription, now)


def _tell_of_beginning(
    membership: Membership, subscription: dict[str, Any], invoices: Invoices, now: datetime
) -> None:
    """From the first paid invoice. One over nothing is a beginning by a coupon, not by a trial."""
    had_trial = subscription.get("trial_end") or subscription["status"] == "trialing"
    paid = [
        each
        for each in invoices
        if shapes.is_paid(each) and (each["amount_paid"] > 0 or not had_trial)
    ]
    if not paid or not membership.is_current:
        return
    first = min(paid, key=shapes.paid_at)
    paid_at = moment_of_timestamp(shapes.paid_at(first))
    if abs(now - paid_at) > FRESH:
        return
    amounts = {
        "net_pence": shapes.net_of(first),
        "vat_pence": shapes.vat_of(first),
        "gross_pence": first["total"],
    }
    letter = about_membership.begun(membership, amounts, day_of(paid_at))
    subject = membership.stripe_subscription_id
    send(
        NoticeKind.RECEIPT,
        subject,
        letter,
        owner=membership.owner,
        membership=membership,
        house=membership.property,
        now=now,
    )


def _tell_of_end(membership: Membership, subscription: dict[str, Any], now: datetime) -> None:
    ended_at = subscription.get("ended_at")
    if ended_at and abs(now - moment_of_timestamp(ended_at)) > FRESH:
        return
    episode = Episode.objects.filter(membership=membership, outcome=Outcome.ENDED).last()
    about = {"owner": membership.owner, "membership": membership, "house": membership.property}
    lapsed = membership.status == MembershipStatus.EXPIRED
    if lapsed and episode and episode.closed_at == now:
        letter = past_due.ended_unpaid(episode)
        send(
            NoticeKind.PAST_DUE_ENDED,
            episode.stripe_invoice_id,
            letter,
            now=now,
            episode=episode,
            send_at=office_hours.next_opening(now),
            **about,
        )
    else:
        subject = f"{membership.stripe_subscription_id}:{day_of(now)}"
        send(NoticeKind.ENDED, subject, about_membership.ended(membership), now=now, **about)


# --- Listings -------------------------------------------------------------------------------------


def house_submitted(house: Property, *, now: datetime) -> None:
    _tell_of_house(NoticeKind.SUBMITTED, house, listing.submitted(house), now)


def house_approved(house: Property, *, now: datetime) -> None:
    _tell_of_house(NoticeKind.APPROVED, house, listing.approved(house), now)


def house_rejected(house: Property, *, now: datetime) -> None:
    _tell_of_house(NoticeKind.REJECTED, house, listing.rejected(house), now)


def _tell_of_house(kind: NoticeKind, house: Property, letter: Any, now: datetime) -> None:
    send(kind, f"{house.pk}:{now.isoformat()}", letter, owner=house.owner, house=house, now=now)
