import re

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from post_office.models import Email

from accounts.tests.factories import OwnerFactory
from accounts.tests.test_signup import sign_up

pytestmark = pytest.mark.django_db

OURS = "https://houses.example"


@pytest.fixture(autouse=True)
def our_address(settings):
    settings.SITE_URL = OURS  # while the test client calls the site "testserver"


@pytest.fixture
def alice():
    owner = OwnerFactory(user__email="alice@example.com")
    EmailAddress.objects.create(
        user=owner.user, email=owner.user.email, verified=True, primary=True
    )
    return owner


def links():
    mail = Email.objects.get()
    return re.findall(r"https?://[^\s\"<]+", mail.message + mail.html_message)


def assert_they_lead_to(path):
    assert links()
    assert all(re.fullmatch(OURS + path, link) for link in links())


def test_the_link_that_confirms_an_address_leads_to_our_own(client):
    sign_up(client)

    assert_they_lead_to(r"/accounts/confirm-email/[^/]+/")


def test_the_link_to_a_new_password_leads_to_our_own(client, alice):
    client.post(reverse("account_reset_password"), {"email": "alice@example.com"})

    assert_they_lead_to(r"/accounts/password/reset/key/[^/]+/")


def test_the_links_for_a_taken_address_lead_to_our_own(client, alice):
    sign_up(client)

    assert_they_lead_to(reverse("account_reset_password"))


def test_the_links_for_an_unknown_address_lead_to_our_own(client):
    client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})

    assert_they_lead_to(reverse("account_signup"))
