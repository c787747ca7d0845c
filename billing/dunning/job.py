"""The worker's hourly round: each member by itself, so that one that fails holds up no other."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from billing.dunning import charging, noticing, reminding
from billing.dunning.looking import look_at_method
from billing.dunning.plan import Plan, plan
from billing.gateway import StripeUnavailable
from billing.models import Episode, Membership

logger = logging.getLogger(__name__)

NO_ANSWER = "Stripe gave no answer: nothing is sent before it does."


@dataclass(frozen=True)
class Line:
    """One member in the report: the mail, or none, and why."""

    member: str
    kind: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind or 'nothing':<12} {self.member}: {self.why}"


@dataclass
class Report:
    lines: list[Line] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(self, member: str, planned: Iterable[Plan]) -> None:
        self.lines += [Line(member, each.kind or "", each.why) for each in planned]

    @property
    def sent(self) -> list[Line]:
        return [line for line in self.lines if line.kind]


def run(*, now: datetime, dry: bool = False) -> Report:
    """Send what is due to every member, or with `dry` only say what would be sent as last seen."""
    report = Report()
    for episode in list(reminding.episodes().filter(closed_at=None)):
        _each(report, _name(episode.membership), lambda one=episode: _remind(one, now, dry))
    if not dry:
        for membership in list(noticing.to_be_looked_at(now)):
            _each(report, _name(membership), lambda one=membership: _look(one, now))
    for membership in list(noticing.renewing_soon(now)):
        _each(report, _name(membership), lambda one=membership: _notify(one, now, dry))
    return report


def _each(report: Report, member: str, work: Callable[[], list[Plan]]) -> None:
    try:
        report.add(member, work())
    except StripeUnavailable:
        report.add(member, [Plan(None, NO_ANSWER)])
    except Exception as error:  # told at the end, and the others are served all the same
        logger.exception("The reminders of %s could not be worked out.", member)
        report.failed.append(f"{member}: {error}")


def _remind(episode: Episode, now: datetime, dry: bool) -> list[Plan]:
    if not dry and (said := charging.charge_new_method(episode.pk, now=now)):
        return [Plan(None, said)]
    planned = plan(reminding.facts(episode, now=now), now)
    # Stripe is asked only when something is due, or when nobody has asked why it failed.
    if dry or (planned.kind is None and episode.last_failed_at):
        return [planned]
    return [reminding.remind(episode.pk, now=now)]


def _look(membership: Membership, now: datetime) -> list[Plan]:
    look_at_method(membership, now=now)
    return []


def _notify(membership: Membership, now: datetime, dry: bool) -> list[Plan]:
    if dry:
        return noticing.plan_notices(membership, now)
    return noticing.notify(membership, now=now)


def _name(membership: Membership) -> str:
    return f"{membership.owner or 'No owner'} ({membership.stripe_subscription_id})"


def remind_soon(episode_pk: int) -> None:
    """The worker's task when a payment has just failed."""
    if Episode.objects.open().filter(pk=episode_pk).exists():
        reminding.remind(episode_pk, now=timezone.now())
