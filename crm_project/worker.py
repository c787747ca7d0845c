"""What the worker does: mail as soon as it is queued, and commands on a schedule."""

import logging
from collections.abc import Sequence
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection
from django_q.models import Schedule
from django_q.tasks import async_task
from post_office.models import Email

from accounts.actor import acting_as

logger = logging.getLogger(__name__)

FOUND_SOMETHING = 1  # what crm_check and crm_retry exit with once their findings are stored
SEND_MAIL = "post_office.mail.send_queued_mail_until_done"
RUN_COMMAND = "crm_project.worker.run_command"

# A command as typed: minutes between two runs.
SCHEDULES = {
    "send_queued_mail": 5,  # what a stopped worker or a refusing mail server left behind
    "stripe_events": 1,  # what the tasks of its arrivals left behind
    "stripe_events --forget": 24 * 60,
    "crm_retry": 1,
    "crm_check --repair": 15,
    "crm_forget": 24 * 60,
    "end_exceptions": 60,
}


def send_mail_soon(emails: Sequence[Email], **kwargs: Any) -> None:
    """Queue the sending with the mail itself: a rollback takes both back."""
    async_task(SEND_MAIL, task_name=f"send {len(emails)} mail")


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
        Schedule.objects.update_or_create(
            name=command,
            defaults={
                "func": RUN_COMMAND,
                "args": repr(tuple(command.split())),
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )
