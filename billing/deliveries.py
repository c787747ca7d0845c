"""What became of the mails to owners, as the queue tells it."""

from post_office.models import STATUS, Email

from accounts.mail_delivery import explain, last_failure, with_failures
from billing.models import Notice


def follow() -> int:
    """Note on each notice whether its mail went out, and if not, why; return how many changed."""
    tried = (STATUS.sent, STATUS.failed, STATUS.requeued)
    unsettled = Notice.objects.unsettled().filter(mail__status__in=tried)
    mails = Email.objects.filter(notice__in=unsettled).select_related("notice")
    return sum(_note(mail) for mail in with_failures(mails))


def _note(mail: Email) -> bool:
    notice, failure = mail.notice, last_failure(mail)
    before = (notice.sent_at, notice.given_up_at, notice.failure)
    if mail.status == STATUS.sent:
        notice.sent_at, notice.failure = mail.last_updated, ""
    else:
        notice.failure = explain(failure) if failure else ""
        notice.given_up_at = mail.last_updated if mail.status == STATUS.failed else None
    changed = before != (notice.sent_at, notice.given_up_at, notice.failure)
    if changed:
        notice.save(update_fields=["sent_at", "given_up_at", "failure"])
    return changed


def follow_anew(mails: list[Email]) -> None:
    """Wait again for what staff have queued anew."""
    Notice.objects.refused().filter(mail__in=mails).update(given_up_at=None)
