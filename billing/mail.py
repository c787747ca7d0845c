"""Sends a letter to an owner: once about each thing, in the transaction of what it tells."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string

from accounts.mail_queue import queue_mail
from accounts.models import Owner
from billing.letters.letter import Letter
from billing.models import Notice, NoticeKind

NO_ADDRESS = "The address is not one that mail can be sent to."


@transaction.atomic
def send(
    kind: NoticeKind,
    subject_id: str,
    letter: Letter,
    *,
    owner: Owner | None,
    now: datetime,
    send_at: datetime | None = None,
    **about: Any,
) -> Notice | None:
    """Queue the letter and keep its notice; None if the owner has had it, or there is no owner.

    `about`: the membership, house or episode.
    """
    if owner is None or Notice.objects.filter(kind=kind, subject_id=subject_id).exists():
        return None
    message = compose(letter, owner)
    notice, is_new = Notice.objects.get_or_create(
        kind=kind,
        subject_id=subject_id,
        defaults={
            "owner": owner,
            "to": owner.user.email,
            "title": message.subject[:300],
            "text": message.body,
            "created_at": now,
            **about,
        },
    )
    if not is_new:
        return None
    _queue(notice, message, now, send_at)
    return notice


def _queue(
    notice: Notice, message: EmailMultiAlternatives, now: datetime, send_at: datetime | None
) -> None:
    """What cannot be sent at all must not undo what it tells of: it is shown as given up."""
    try:
        validate_email(notice.to)
    except ValidationError:
        notice.given_up_at, notice.failure = now, NO_ADDRESS
    else:
        notice.mail = queue_mail(message, send_at=send_at)
    notice.save(update_fields=["mail", "given_up_at", "failure"])


def compose(letter: Letter, owner: Owner) -> EmailMultiAlternatives:
    context = {
        "letter": letter,
        "first_name": owner.user.first_name,
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
    }
    message = EmailMultiAlternatives(
        # A title may hold a line break that an import brought in; a subject must not.
        subject=" ".join(letter.subject.split()),
        body=render_to_string("billing/email/letter.txt", context),
        to=[owner.user.email],
        reply_to=[settings.REPLY_TO_EMAIL],
    )
    html = render_to_string("billing/email/letter.html", context)
    message.attach_alternative(html, "text/html")
    return message
