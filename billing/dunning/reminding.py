"""One failing payment at a time: look at Stripe again, plan, and queue what is due."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.london import day_of
from billing import mail
from billing.dunning.looking import look_at_episode
from billing.dunning.plan import Facts, Plan, plan
from billing.letters.past_due import past_due
from billing.models import Episode, Notice, NoticeKind, PaymentMethod, ReminderPause
from billing.sync import refresh_membership

RELATED = ("membership__owner__user", "membership__tier", "membership__property")
DUNNING = (
    NoticeKind.PAST_DUE_FIRST,
    NoticeKind.PAST_DUE_REMINDER,
    NoticeKind.PAST_DUE_LAST_CALL,
    NoticeKind.PAY_LINK,
)


def remind(episode_pk: int, *, now: datetime) -> Plan:
    """Send what is due after a look at Stripe, and return the plan.

    Raises StripeUnavailable: then nothing was sent, and the next run tries again.
    """
    episode = look(episode_pk, now=now)
    with transaction.atomic():
        # Whoever closes the episode waits for this, and then takes back what is not sent yet.
        episode = episodes().select_for_update(of=("self",)).get(pk=episode.pk)
        planned = plan(facts(episode, now=now), now)
        if planned.kind:
            send_reminder(planned.kind, episode.stripe_invoice_id, episode, now=now)
    return planned


def look(episode_pk: int, *, now: datetime) -> Episode:
    """Bring membership, episode and payment method up to date. Raises StripeUnavailable."""
    episode = episodes().get(pk=episode_pk)
    refresh_membership(episode.membership.stripe_subscription_id, now=now)
    episode = episodes().get(pk=episode_pk)
    if episode.closed_at is None:
        look_at_episode(episode, now=now)
    return episode


def facts(episode: Episode, *, now: datetime) -> Facts:
    """What the plan needs, from our own tables."""
    method = method_of(episode)
    pause = ReminderPause.objects.on(day_of(now)).filter(membership=episode.membership).first()
    notices = Notice.objects.filter(episode=episode, kind__in=DUNNING)
    sent: dict[str, datetime] = {}
    for kind, moment in notices.order_by("created_at").values_list("kind", "created_at"):
        sent[kind] = moment
    return Facts(
        first_failed_at=episode.first_failed_at,
        cause=episode.cause,
        sent=sent,
        is_closed=episode.closed_at is not None,
        has_address=episode.membership.owner_id is not None,
        is_processing=episode.is_processing,
        paused_until=pause.until if pause else None,
        pause_reason=pause.reason if pause else "",
        method_changed_at=method.changed_at if method else None,
    )


def send_reminder(
    kind: NoticeKind, subject_id: str, episode: Episode, *, now: datetime
) -> Notice | None:
    membership = episode.membership
    return mail.send(
        kind,
        subject_id,
        past_due(kind, episode, method_of(episode)),
        owner=membership.owner,
        membership=membership,
        house=membership.property,
        episode=episode,
        now=now,
    )


def method_of(episode: Episode) -> PaymentMethod | None:
    return PaymentMethod.objects.filter(membership=episode.membership_id).first()


def episodes() -> QuerySet[Episode]:
    return Episode.objects.select_related(*RELATED)
