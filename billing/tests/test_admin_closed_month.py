"""The months' pages: what is shown, who may close, and what an odd address answers."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from billing.models import ClosedMonth
from billing.revenue.closing import notice_adjustments
from billing.tests.factories import PaymentFactory

pytestmark = pytest.mark.django_db
MARCH = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
LIST = "admin:billing_closedmonth_changelist"


def page(name, view="month"):
    return reverse(f"admin:billing_closedmonth_{view}", args=[name])


@pytest.fixture
def bob(client):
    client.force_login(UserFactory(staff=True, email="bob@example.com"))
    return client


@pytest.fixture
def viewer(client):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_closedmonth"))
    client.force_login(user)
    return client


def test_the_list_is_empty_in_words(bob):
    assert "No month has figures yet" in bob.get(reverse(LIST)).content.decode()


def test_the_list_shows_every_month_and_its_state(bob):
    PaymentFactory(paid_at=MARCH)

    text = bob.get(reverse(LIST)).content.decode()

    assert "March 2026" in text
    assert "£780" in text
    assert "So far" in text


def test_closing_keeps_the_month_and_says_so(bob):
    PaymentFactory(paid_at=MARCH)

    answer = bob.post(page("2026-03", "close"), follow=True)

    assert "Closed: March 2026" in answer.content.decode()
    assert ClosedMonth.objects.get().closed_by == "bob@example.com"


def test_what_came_later_is_shown_with_its_day(bob):
    PaymentFactory(paid_at=MARCH)
    bob.post(page("2026-03", "close"))
    PaymentFactory(paid_at=MARCH)
    notice_adjustments(now=datetime.datetime(2026, 5, 4, 8, tzinfo=datetime.UTC))

    text = bob.get(page("2026-03")).content.decode()

    assert "4 May 2026, 09:00: £780 became £1,560" in text
    assert "Closed, adjusted since" in text


def test_the_running_month_cannot_be_closed(bob):
    PaymentFactory(paid_at=timezone.now())
    name = f"{timezone.now():%Y-%m}"

    assert "Close " not in bob.get(page(name)).content.decode()
    assert "is not over" in bob.post(page(name, "close"), follow=True).content.decode()


def test_who_may_only_look_gets_no_button_and_cannot_close(viewer):
    PaymentFactory(paid_at=MARCH)

    assert "Close March" not in viewer.get(page("2026-03")).content.decode()
    assert viewer.post(page("2026-03", "close")).status_code == 403


@pytest.mark.parametrize("name", ["2026-13", "junk", "1999-01", "2026-3", "9999-12", "%00"])
def test_a_month_that_we_have_not_is_not_found(bob, name):
    PaymentFactory(paid_at=MARCH)

    assert bob.get(f"{reverse(LIST)}of/{name}/").status_code == 404
