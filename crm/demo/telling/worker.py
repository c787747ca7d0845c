"""The worker of those days: reminders, notices of renewals, cards that were put in anew."""

from datetime import datetime

from django.utils import timezone
from post_office.models import STATUS, Email

from accounts.actor import acting_as
from billing import deliveries
from billing.dunning import charging, noticing, reminding
from billing.dunning.plan import plan
from billing.models import Episode
from crm.demo.happenings import WorkerRound
from crm.demo.telling.stage import Stage, tell


@tell.register
def work(happening: WorkerRound, stage: Stage) -> None:
    """Do as `send_dunning` does, but ask Stripe only about members for whom something is due.

    The command itself looks at every card within a month of its charge, each day: that would take
    most of the demo's time, and leave nothing to see.
    """
    now = timezone.now()
    episodes = list(reminding.episodes().open())
    with acting_as("system:send_dunning", "worker"), stage.receiver.closed():
        for episode in episodes:
            _serve(episode, stage, now)
        for membership in list(noticing.renewing_soon(now)):
            noticing.notify(membership, now=now)
    if episodes:  # a card may have been charged
        stage.sandbox.settle()
    post_mail()


def _serve(episode: Episode, stage: Stage, now: datetime) -> None:
    owner = episode.membership.owner_id
    if owner in stage.new_cards:
        stage.new_cards.remove(owner)
        if charging.charge_new_method(episode.pk, now=now):
            return
    if plan(reminding.facts(episode, now=now), now).kind or not episode.last_failed_at:
        reminding.remind(episode.pk, now=now)


def post_mail() -> None:
    """Mark as sent what is queued, for it went out at the time: nothing is really delivered."""
    Email.objects.filter(status=STATUS.queued).update(status=STATUS.sent)
    deliveries.follow()
