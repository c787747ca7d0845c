import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


@pytest.fixture
def create(monkeypatch):
    def create(email: str) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", email=email, interactive=False, verbosity=0)

    return create


def test_the_first_login_needs_no_mail(client, create):
    create("bob@example.com")

    response = client.post(
        reverse("account_login"), {"login": "bob@example.com", "password": PASSWORD}
    )

    assert (response.status_code, response.url) == (302, reverse("admin:index"))
    assert client.get(response.url).status_code == 200


def test_an_address_in_capitals_is_recorded_as_the_user_has_it(create):
    create("Bob@Example.COM")

    assert EmailAddress.objects.get().email == User.objects.get().email


def test_nobody_elses_address_is_vouched_for(create):
    other = UserFactory(staff=True)

    create("bob@example.com")

    assert not EmailAddress.objects.filter(user=other).exists()
