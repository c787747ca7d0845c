"""What the worker does: mail as soon as it is queued, and commands on a schedule."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task
from post_office.models import Email

from accounts import mail_delivery
from accounts.actor import acting_as
from accounts.london import day_of, start_of_day
from billing import deliveries

logger = logging.getLogger(__name__)

FOUND_SOMETHING = 1  # what crm_check and crm_retry exit with once their findings are stored
SEND_MAIL = "crm_project.worker.deliver_mail"
RUN_COMMAND = "crm_project.worker.run_command"

# A command as typed: minutes between two runs.
SCHEDULES = {
    "deliver_mail": 5,  # what a stopped worker or a refusing mail server left behind
    "stripe_events": 1,  # what the tasks of its arrivals left behind
    "stripe_events --forget": 24 * 60,
    "crm_retry": 1,
    "crm_check --repair": 15,
    "crm_forget": 24 * 60,
    "stripe_reconcile": 24 * 60,
    "stripe_customers": 15,
    "revenue_rebuild --due": 60,  # a discount that ended, a pause that was over
    "revenue_rebuild": 24 * 60,
    "end_exceptions": 60,
    "send_dunning": 60,
}

# At night, and with the time that going over everything may take; below Q_CLUSTER's retry. At
# which hour: what is derived is made afresh once all that Stripe holds was compared.
NIGHTLY = {"stripe_reconcile": 3, "revenue_rebuild": 4}
NIGHTLY_SECONDS = 570


def send_mail_soon(emails: Sequence[Email], **kwargs: Any) -> None:
    """Queue the sending with the mail itself: a rollback takes both back."""
    async_task(SEND_MAIL, task_name=f"send {len(emails)} mail")


def deliver_mail() -> None:
    mail_delivery.deliver()
    deliveries.follow()


def run_command(name: str, *args: str) -> None:
    """Run a command as the worker, which is where its changes then say they come from.

    What a command found amiss is stored by then, and is told on the health page. A job that failed
    for it would only be run again and again. One that could not find out does fail.
    """
    try:
        with acting_as(f"system:{name}", "worker"):
            call_command(name, *args)
    except CommandError as error:
        if error.returncode != FOUND_SOMETHING:
            raise
        logger.warning("%s: %s", name, error)


def install_schedules(**kwargs: Any) -> None:
    """Make the schedule table equal to SCHEDULES; runs after every migrate."""
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
    for command, minutes in SCHEDULES.items():
        columns: dict[str, Any] = {
            "func": RUN_COMMAND,
            "args": repr(tuple(command.split())),
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
        }
        first = {}
        if command in NIGHTLY:
            columns["kwargs"] = repr({"q_options": {"timeout": NIGHTLY_SECONDS}})
            first = {"next_run": _coming_night(timezone.now(), NIGHTLY[command])}
        Schedule.objects.update_or_create(
            name=command, defaults=columns, create_defaults=columns | first
        )


def _coming_night(now: datetime, hour: int) -> datetime:
    at_night = start_of_day(day_of(now)) + timedelta(hours=hour)
    return at_night if at_night > now else at_night + timedelta(days=1)
