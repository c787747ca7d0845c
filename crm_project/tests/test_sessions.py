import pytest
from django.urls import reverse

from accounts.tests.factories import OwnerFactory
from crm_project.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("key", ["\x00aaaaaaaa", "aaaaaaaa\x00", "a" * 7, "'; drop--", "é" * 9, ""])
def test_a_key_that_we_never_gave_out_is_none(key):
    assert SessionStore(key).session_key is None


def test_a_key_of_ours_is_kept():
    session = SessionStore()
    session.create()

    assert SessionStore(session.session_key).session_key == session.session_key


def test_a_hostile_cookie_is_a_visitor_who_is_not_logged_in(client):
    client.cookies.load('sessionid="\\000aaaaaaaa"')

    response = client.get(reverse("dashboard"))

    assert response.url.startswith(reverse("account_login"))
    assert response.wsgi_request.session.session_key is None


def test_a_login_lasts(client):
    client.force_login(OwnerFactory().user)

    assert client.get(reverse("dashboard")).status_code == 200
