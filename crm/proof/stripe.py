"""What may be claimed about Stripe and our memberships: from the newest comparison of all."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.humanize.templatetags.humanize import intcomma

from billing.models import ReconcileRun
from crm.proof.verdict import Colour, ago

PROOF_LASTS = timedelta(hours=36)  # one of a day may fail
RUNS_AT_MOST = timedelta(hours=2)


@dataclass(frozen=True)
class Standing:
    colour: Colour
    sentence: str
    run: ReconcileRun | None = None
    command: str = ""  # what to run, where nothing has been


def standing(*, now: datetime) -> Standing:
    """Judge by the newest run that looked at everything and is not at work just now."""
    runs = ReconcileRun.objects.of_everything()
    at_work = runs.filter(finished_at=None, started_at__gt=now - RUNS_AT_MOST)
    run = runs.exclude(pk__in=at_work.values("pk")).first()
    if run is None:
        said = "Stripe: not compared yet. The worker does it each night. To do it at once:"
        return Standing(Colour.AMBER, said, command="manage.py stripe_reconcile")
    return Standing(_colour(run, now), f"Stripe: {_said(run)}, {_when(run, now)}.", run)


def _colour(run: ReconcileRun, now: datetime) -> Colour:
    if run.differences:
        return Colour.RED
    if run.error or run.finished_at is None or now - run.started_at > PROOF_LASTS:
        return Colour.AMBER
    return Colour.GREEN


def _said(run: ReconcileRun) -> str:
    count = run.counts.get("subscriptions", 0)
    if run.differences:
        verb = "differs" if run.differences == 1 else "differ"
        return f"{intcomma(run.differences)} of {_subscriptions(count)} {verb}"
    if run.error or run.finished_at is None:
        return "the comparison broke off"
    return f"all {_subscriptions(count)} equal" if count else "no subscription there, and none here"


def _when(run: ReconcileRun, now: datetime) -> str:
    mended = f"{intcomma(run.repaired)} repaired, " if run.repaired else ""
    return f"{mended}checked {ago(run.started_at, now)}"


def _subscriptions(count: int) -> str:
    return f"{intcomma(count)} subscription{'' if count == 1 else 's'}"
