"""The limits on failed logins, as a site behind one proxy meets them."""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.urls import reverse

from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIMIT = 10  # failures a minute from one address; allauth's own


@pytest.fixture(autouse=True)
def limits(settings):
    settings.ACCOUNT_RATE_LIMITS = {}  # allauth's own, which the tests otherwise turn off
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def alice():
    user = UserFactory(email="alice@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def log_in(client, email: str, *, forwarded: str, password: str = "wrong"):
    return client.post(
        reverse("account_login"),
        {"login": email, "password": password},
        headers={"X-Forwarded-For": forwarded},
        REMOTE_ADDR="127.0.0.1",  # the proxy's
    )


def fail_until_refused(client, forwarded: str = "6.6.6.6") -> None:
    for number in range(LIMIT):
        log_in(client, f"nobody{number}@example.com", forwarded=forwarded)


def test_failures_from_one_address_do_not_lock_out_another(client, alice):
    fail_until_refused(client)

    response = log_in(client, alice.email, forwarded="7.7.7.7", password="gatehouse-pass")

    assert response.status_code == 302
    assert "_auth_user_id" in client.session


def test_the_address_that_failed_is_locked_out(client, alice):
    fail_until_refused(client)

    response = log_in(client, alice.email, forwarded="6.6.6.6", password="gatehouse-pass")

    assert "Too many failed login attempts" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_an_address_that_the_visitor_makes_up_gains_nothing(client, alice):
    fail_until_refused(client)

    response = log_in(client, alice.email, forwarded="8.8.8.8, 6.6.6.6", password="gatehouse-pass")

    assert "_auth_user_id" not in client.session
    assert "Too many failed login attempts" in response.content.decode()


def test_without_a_proxy_the_header_counts_for_nothing(client, alice, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    for number in range(LIMIT):
        log_in(client, f"nobody{number}@example.com", forwarded=f"6.6.6.{number}")

    log_in(client, alice.email, forwarded="7.7.7.7", password="gatehouse-pass")

    assert "_auth_user_id" not in client.session
