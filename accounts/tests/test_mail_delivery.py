"""Delivery against a real mail server that refuses, to the letter of its answer."""

import socketserver
import threading
from collections.abc import Iterator

import pytest
from django.core.mail import EmailMessage
from post_office.models import STATUS, Email

from accounts.mail_delivery import deliver, explain, last_failure, with_failures

pytestmark = pytest.mark.django_db(transaction=True)

SMTP = {"BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}, "MAX_RETRIES": 5}


class Refusing(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP to say no to the recipient."""

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"QUIT":
                return self.say("221 bye")
            self.say(self.server.answer if word == b"RCPT" else "250 fine")
        return None

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail_server(settings) -> Iterator[socketserver.TCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.POST_OFFICE = SMTP
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("550 5.1.1 No such user here", STATUS.failed, "5.1.1 No such user here"),
        ("450 4.2.2 Mailbox full", STATUS.requeued, "4.2.2 Mailbox full"),
    ],
)
def test_a_mailbox_that_refuses_is_told_apart_from_one_that_is_busy(
    mail_server, answer, status, words
):
    mail_server.answer = answer
    EmailMessage("Hello", "Words", to=["alice@example.com"]).send()

    deliver()

    mail = with_failures(Email.objects.all()).get()
    assert mail.status == status
    assert explain(last_failure(mail)) == f"The mailbox refused it: {words}"


def test_a_server_that_is_not_there_is_tried_again_in_five_minutes(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    settings.POST_OFFICE = SMTP
    EmailMessage("Hello", "Words", to=["alice@example.com"]).send()

    deliver()

    mail = with_failures(Email.objects.all()).get()
    assert "could not be reached" in explain(last_failure(mail))
    assert (mail.scheduled_time - mail.last_updated).total_seconds() == 300
