import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.urls import reverse
from post_office.models import STATUS, Email

pytestmark = pytest.mark.django_db

TEMPLATE_CODE = ["{{ 7|add:7 }}", "{% lorem 9 w %}", "{# gone #}", "{% no_such_tag %}", "{{ x|y }}"]


@pytest.mark.parametrize("text", TEMPLATE_CODE)
def test_words_that_look_like_a_template_are_queued_as_they_are(text):
    message = EmailMultiAlternatives(text, f"1 {text}", to=["a@example.com"])
    message.attach_alternative(f"<p>{text}</p>", "text/html")

    assert message.send() == 1

    mail = Email.objects.get()
    assert (mail.subject, mail.message) == (text, f"1 {text}")
    assert mail.html_message == f"<p>{text}</p>"


@pytest.mark.parametrize("text", TEMPLATE_CODE)
def test_words_that_look_like_a_template_are_delivered_as_they_are(text):
    EmailMessage(text, f"1 {text}", to=["a@example.com"]).send()

    sent = Email.objects.get().email_message()

    assert (sent.subject, sent.body) == (text, f"1 {text}")


def test_everybody_addressed_is_kept():
    EmailMessage(
        "s",
        "b",
        "us@example.com",
        ["a@example.com"],
        bcc=["b@example.com"],
        cc=["c@example.com"],
        reply_to=["d@example.com"],
        headers={"X-Test": "1"},
    ).send()

    mail = Email.objects.get()
    assert (mail.from_email, mail.to) == ("us@example.com", ["a@example.com"])
    assert (mail.bcc, mail.cc) == (["b@example.com"], ["c@example.com"])
    assert mail.headers == {"X-Test": "1", "Reply-To": "d@example.com"}
    assert mail.status == STATUS.queued


def test_an_attachment_is_refused_not_lost():
    message = EmailMessage("s", "b", to=["a@example.com"])
    message.attach("a.txt", "words")

    with pytest.raises(ValueError, match="no attachments"):
        message.send()


def test_a_strangers_address_in_a_mail_of_ours_is_no_template(client):
    address = "{{settings|pprint}}@example.com"

    response = client.post(reverse("account_reset_password"), {"email": address})

    assert response.status_code == 302
    assert f"no account has the address {address}" in Email.objects.get().message
