"""Mail goes into the queue in the database word for word.

The queue's own ways in (`post_office.mail.send` and `post_office.EmailBackend`) compile subject
and body as Django templates, so what a stranger typed into a form would run on the server.
"""

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from post_office import mail
from post_office.models import Email
from post_office.signals import email_queued


class QueueBackend(BaseEmailBackend):
    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        mails = [_queue(message) for message in messages]
        email_queued.send(sender=Email, emails=mails)
        return len(mails)


def queue_mail(message: EmailMessage, *, send_at: datetime | None = None) -> Email:
    """Queue one mail and return its row; with `send_at` it is not sent before then."""
    row = _queue(message, send_at)
    email_queued.send(sender=Email, emails=[row])
    return row


def _queue(message: EmailMessage, send_at: datetime | None = None) -> Email:
    if message.attachments:
        raise ValueError("The mail queue takes no attachments.")
    headers = {**message.extra_headers}
    if message.reply_to:
        headers["Reply-To"] = ", ".join(message.reply_to)
    # "Render on delivery", of a mail that has no template: nothing is ever rendered.
    row = mail.create(
        sender=message.from_email,
        recipients=message.to,
        cc=message.cc,
        bcc=message.bcc,
        headers=headers,
        scheduled_time=send_at,
        render_on_delivery=True,
        commit=False,
    )
    row.subject, row.message, row.html_message = message.subject, message.body, _html(message)
    row.save()
    return row


def _html(message: EmailMessage) -> str:
    bodies = getattr(message, "alternatives", [])
    return next((str(body) for body, kind in bodies if kind == "text/html"), "")
