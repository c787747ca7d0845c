import pytest
from django.urls import reverse
from post_office import mail
from post_office.models import Email

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True


def send(**fields):
    return mail.send(
        **{
            "recipients": ["alice@example.com"],
            "sender": "hello@gatehouse.example",
            "subject": "Confirm",
            "message": "Go to http://testserver/accounts/confirm-email/key/",
            **fields,
        }
    )


class TestMailbox:
    def test_it_lists_the_newest_mail_first(self, client):
        send(subject="Older")
        send(subject="Newer")

        page = client.get(reverse("mailbox")).content.decode()

        assert page.index("Newer") < page.index("Older")
        assert "alice@example.com" in page

    def test_a_link_in_a_mail_can_be_followed(self, client):
        page = client.get(reverse("mail", args=[send().pk])).content.decode()

        assert 'href="http://testserver/accounts/confirm-email/key/"' in page

    def test_a_mail_is_shown_as_text(self, client):
        mail = send(subject="<script>x</script>", message="<img src=x>")

        page = client.get(reverse("mail", args=[mail.pk])).content.decode()

        assert "<script>x" not in page
        assert "<img src=x>" not in page

    def test_an_empty_one_says_so(self, client):
        assert "No mail yet" in client.get(reverse("mailbox")).content.decode()

    @pytest.mark.parametrize("pk", [0, 10**40])
    def test_an_unknown_mail_is_a_404(self, client, pk):
        assert client.get(f"/demo/mailbox/{pk}/").status_code == 404

    def test_outside_the_demo_it_does_not_exist(self, client, settings):
        settings.DEMO = False
        sent = send()

        for path in (reverse("mailbox"), reverse("mail", args=[sent.pk])):
            response = client.get(path)
            assert response.status_code == 404
            assert "alice@example.com" not in response.content.decode()
        assert reverse("mailbox") not in client.get("/").content.decode()

    def test_reading_is_all_that_can_be_done(self, client):
        sent = send()

        assert client.post(reverse("mail", args=[sent.pk])).status_code == 405
        assert Email.objects.count() == 1

    def test_it_costs_the_same_with_2_and_12_mails(self, client, django_assert_num_queries):
        # Number of mails, mails.
        for number in (2, 10):
            for _ in range(number):
                send()
            with django_assert_num_queries(2):
                client.get(reverse("mailbox"))
