"""Sends what is queued; waits longer after each failure, and gives up what a mailbox refuses."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from post_office.mail import send_queued_mail_until_done
from post_office.models import STATUS, Email, Log

# After the first failure, the second and so on; then post_office gives up (MAX_RETRIES).
WAITS = (
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
REFUSED = "SMTPRecipientsRefused"
ANSWER = re.compile(r"\((?P<code>\d{3}), b?['\"](?P<words>.*?)['\"]\)", re.DOTALL)
UNREACHABLE = {"ConnectionRefusedError", "TimeoutError", "gaierror", "SMTPConnectError"}
UNREACHABLE |= {"SMTPServerDisconnected", "ConnectionResetError", "OSError"}


def deliver() -> None:
    """Send until nothing is due. Another process that is at it already is left to it."""
    send_queued_mail_until_done()
    settle()


def settle() -> None:
    """Set the next try of what failed, or none. Safe to repeat: reckoned from the failure."""
    for mail in with_failures(Email.objects.filter(status=STATUS.requeued)):
        if is_refused_for_good(mail):
            Email.objects.filter(pk=mail.pk).update(status=STATUS.failed)
        else:
            wait = WAITS[min(mail.number_of_retries or 1, len(WAITS)) - 1]
            Email.objects.filter(pk=mail.pk).update(scheduled_time=mail.last_updated + wait)


def with_failures(mails: QuerySet[Email]) -> QuerySet[Email]:
    """Add what `last_failure` reads."""
    failures = Log.objects.filter(status=STATUS.failed).order_by("-date", "-pk")
    return mails.prefetch_related(Prefetch("logs", failures, to_attr="failures"))


def last_failure(mail: Email) -> Log | None:
    return mail.failures[0] if mail.failures else None


def is_refused_for_good(mail: Email) -> bool:
    """Whether the mailbox said no: a 5xx about the recipient, and not "try later"."""
    failure = last_failure(mail)
    if failure is None or failure.exception_type != REFUSED:
        return False
    answer = ANSWER.search(failure.message)
    return answer is not None and answer["code"].startswith("5")


def explain(failure: Log) -> str:
    """Return the reason of a failure as a sentence for staff."""
    answer = ANSWER.search(failure.message)
    words = answer["words"] if answer else failure.message
    if failure.exception_type == REFUSED:
        return f"The mailbox refused it: {words}"[:300]
    if failure.exception_type in UNREACHABLE:
        return f"The mail server could not be reached: {failure.message}"[:300]
    if failure.exception_type == "SMTPAuthenticationError":
        return "The mail server did not accept our login. Look at EMAIL_URL."
    return f"The mail server did not take it: {words}"[:300]


def try_again(mails: Iterable[Email], *, now: datetime) -> int:
    """Queue anew what was given up or waits; return how many."""
    waiting = (STATUS.failed, STATUS.requeued)
    rows = Email.objects.filter(pk__in=[mail.pk for mail in mails], status__in=waiting)
    return rows.update(
        status=STATUS.queued, scheduled_time=None, number_of_retries=0, last_updated=now
    )
