"""What staff do about a failing payment: pause the reminders, send the link to pay."""

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.london import day_of
from accounts.transitions import lock
from billing.dunning import reminding
from billing.models import Episode, Membership, Notice, NoticeKind, ReminderPause
from billing.patience import short_patience

LONGEST_PAUSE = timedelta(days=60)
BETWEEN_LINKS = timedelta(hours=6)


class NotNow(Exception):
    """It cannot be done now; the message says why."""


@transaction.atomic
def pause(
    membership: Membership, *, until: date, reason: str, by: str, now: datetime
) -> ReminderPause:
    """Hold the member's reminders back until a day; a later pause takes the earlier one's place.

    Raises NotNow.
    """
    today = day_of(now)
    if not today < until <= today + LONGEST_PAUSE:
        days = LONGEST_PAUSE.days
        raise NotNow(f"Choose a day from tomorrow on, {days} days from now at the latest.")
    if not reason.strip():
        raise NotNow("Say why, for whoever looks at this next.")
    lock(membership)
    _end(membership, now)
    return ReminderPause.objects.create(
        membership=membership, until=until, reason=reason.strip(), by=by, created_at=now
    )


@transaction.atomic
def resume(membership: Membership, *, now: datetime) -> bool:
    """End the pause before its day; whether there was one."""
    lock(membership)
    return _end(membership, now)


def _end(membership: Membership, now: datetime) -> bool:
    running = ReminderPause.objects.on(day_of(now)).filter(membership=membership)
    return bool(running.update(ended_at=now))


def send_link(episode_pk: int, *, now: datetime) -> Notice:
    """Mail the link to pay at once, after a look at Stripe. Raises NotNow, StripeUnavailable."""
    with short_patience():
        episode = reminding.look(episode_pk, now=now)
    with transaction.atomic():
        episode = reminding.episodes().select_for_update(of=("self",)).get(pk=episode_pk)
        _check_link(episode, now)
        subject = f"{episode.stripe_invoice_id}:{now.isoformat()}"
        notice = reminding.send_reminder(NoticeKind.PAY_LINK, subject, episode, now=now)
    if notice is None:
        raise NotNow("There is no owner to write to.")
    return notice


def _check_link(episode: Episode, now: datetime) -> None:
    if episode.closed_at:
        raise NotNow(f"Nothing is owed any more: {episode.get_outcome_display().lower()}.")
    links = Notice.objects.filter(episode=episode, kind=NoticeKind.PAY_LINK)
    if links.filter(created_at__gt=now - BETWEEN_LINKS).exists():
        raise NotNow("A link was sent less than 6 hours ago. Ask the member to look for it first.")
