"""The board of failing payments, its pages and its buttons."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import STATUS, Email

from accounts.admin_columns import admin_url
from accounts.tests.factories import UserFactory
from billing.dunning import charging, reminding
from billing.gateway import StripeUnavailable
from billing.models import Episode, Notice, ReminderPause
from billing.tests.factories import (
    EpisodeFactory,
    MembershipFactory,
    NoticeFactory,
    PaymentMethodFactory,
    TierFactory,
)
from crm.models import ActivityLog
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

BOARD = "admin:billing_episode_changelist"


def days_ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def failing(days: int = 2, **fields: Any) -> Episode:
    house = PropertyFactory(live=True, owner__user__last_name="Archer")
    membership = MembershipFactory(
        owner=house.owner,
        property=house,
        status="past_due",
        tier=TierFactory(code=fields.pop("tier", "silver")),
        billing_cycle=fields.pop("cycle", "monthly"),
    )
    PaymentMethodFactory(membership=membership)
    return EpisodeFactory(membership=membership, first_failed_at=days_ago(days), **fields)


def board(desk: Client, **query: str) -> str:
    return desk.get(reverse(BOARD), query).content.decode()


def press(desk: Client, episode: Episode, name: str, **typed: str) -> str:
    address = reverse(f"admin:billing_episode_{name}", args=[episode.pk])
    return desk.post(address, {"confirm": "yes", **typed}, follow=True).content.decode()


def page(desk: Client, episode: Episode, name: str) -> str:
    address = reverse(f"admin:billing_episode_{name}", args=[episode.pk])
    return desk.get(address, follow=True).content.decode()


@pytest.fixture
def at_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe as last seen: nothing new."""
    monkeypatch.setattr(reminding, "look", lambda pk, *, now: reminding.episodes().get(pk=pk))


class TestTheBoard:
    def test_says_who_owes_what_why_and_since_when(self, desk: Client) -> None:
        failing(2, decline_code="expired_card", cause="new_card", attempt_count=3)

        shown = board(desk)

        for words in ("Archer", "01632 960001", "£780", "Day 2 of 14", "3 tries, "):
            assert words in shown
        assert "The card has expired" in shown
        assert "Visa ending 4242" in shown

    def test_a_failure_by_a_clock_ahead_of_ours_is_of_day_0(self, desk: Client) -> None:
        failing(-6)

        assert "Day 0 of 14" in board(desk)

    def test_counts_the_mails_and_shows_the_last_contact(self, desk: Client) -> None:
        episode = failing()
        NoticeFactory(membership=episode.membership, episode=episode)

        assert "1 mail sent" in board(desk)

    def test_holds_no_paid_ones_unless_asked(self, desk: Client) -> None:
        failing(closed_at=timezone.now(), outcome="paid")

        assert "Nobody owes anything" in board(desk)
        assert "Archer" in board(desk, state="paid")

    @pytest.mark.parametrize(
        ("days", "cycle", "tier", "called"),
        [
            (8, "annual", "bronze", True),
            (8, "monthly", "silver", False),
            (6, "annual", "gold", False),
        ],
    )
    def test_marks_whom_to_call(
        self, desk: Client, days: int, cycle: str, tier: str, called: bool
    ) -> None:
        failing(days, cycle=cycle, tier=tier)

        assert (">Call<" in board(desk)) is called

    def test_shows_a_member_whose_account_is_gone(self, desk: Client) -> None:
        EpisodeFactory(membership__owner=None)

        assert "£780" in board(desk)


class TestAPause:
    def pause(self, desk: Client, episode: Episode, days: int = 3, reason: str = "Ill") -> str:
        until = (timezone.localdate() + datetime.timedelta(days=days)).strftime("%d/%m/%Y")
        return press(desk, episode, "pause", until=until, reason=reason)

    def test_is_taken_logged_and_shown(self, desk: Client) -> None:
        episode = failing()

        shown = self.pause(desk, episode)

        assert "Reminders are paused until" in shown
        assert "Paused to" in board(desk)
        entry = ActivityLog.objects.filter(title__startswith="Reminders are paused").get()
        assert (entry.description, entry.actor) == ("Ill", "bob@example.com")

    def test_without_a_reason_is_asked_again(self, desk: Client) -> None:
        shown = self.pause(desk, failing(), reason="")

        assert "This field is required" in shown
        assert not ReminderPause.objects.exists()

    def test_of_a_day_too_far_is_refused_in_words(self, desk: Client) -> None:
        assert "60 days from now at the latest" in self.pause(desk, failing(), days=90)

    def test_is_refused_when_nothing_is_owed_any_more(self, desk: Client) -> None:
        paid = failing(closed_at=timezone.now(), outcome="paid")

        assert "Nothing is owed any more: paid." in self.pause(desk, paid)
        assert not ReminderPause.objects.exists()

    def test_can_be_ended(self, desk: Client) -> None:
        episode = failing()
        self.pause(desk, episode)

        assert "Reminders go on." in press(desk, episode, "resume")
        assert "Paused to" not in board(desk)


@pytest.mark.usefixtures("at_stripe")
class TestALink:
    def test_is_asked_for_on_a_page_that_says_to_whom(self, desk: Client) -> None:
        episode = failing()

        assert episode.membership.owner.user.email in page(desk, episode, "link")
        assert not Notice.objects.exists()

    def test_is_sent_once_in_six_hours(self, desk: Client) -> None:
        episode = failing()

        assert "The link is on its way to" in press(desk, episode, "link")
        assert "less than 6 hours ago" in press(desk, episode, "link")
        assert Notice.objects.filter(kind="pay_link").count() == 1


@pytest.mark.usefixtures("at_stripe")
class TestACharge:
    def test_is_asked_for_on_a_page_that_says_what_will_be_charged(self, desk: Client) -> None:
        shown = page(desk, failing(), "charge")

        for words in ("£780, VAT included", "Visa ending 4242", "Charge £780 now"):
            assert words in shown

    def test_that_is_too_early_has_no_button(self, desk: Client) -> None:
        episode = failing(0, tried_method_id="pm_1")
        episode.membership.payment_method.stripe_id = "pm_1"
        episode.membership.payment_method.save()

        shown = page(desk, episode, "charge")

        assert "less than 24 hours ago" in shown
        assert "Charge £780 now" not in shown

    def test_tells_the_result_and_leaves_it_in_the_log(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(charging, "charge", lambda pk, *, now: "£780 was paid.")

        assert "£780 was paid." in press(desk, failing(), "charge")
        assert ActivityLog.objects.filter(title="Charged by staff: £780 was paid.").exists()

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_without_an_answer_does_nothing_and_says_so(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        def silent(pk: int, *, now: datetime.datetime) -> None:
            raise StripeUnavailable("silent")

        monkeypatch.setattr(reminding, "look", silent)
        address = reverse("admin:billing_episode_charge", args=[failing().pk])

        shown = getattr(desk, method)(address, follow=True).content.decode()

        assert "Stripe gave no answer, so nothing was done." in shown


class TestWhoMay:
    NAMES = ("charge", "link", "pause", "resume")

    def looker(self) -> Any:
        user = UserFactory(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename="view_episode"))
        return user

    @pytest.mark.parametrize("name", NAMES)
    def test_those_who_only_look_are_refused(self, client: Client, name: str) -> None:
        client.force_login(self.looker())
        address = reverse(f"admin:billing_episode_{name}", args=[failing().pk])

        assert client.post(address, {"confirm": "yes"}).status_code == 403

    def test_those_who_only_look_see_no_buttons(self, client: Client) -> None:
        client.force_login(self.looker())

        shown = client.get(admin_url(failing())).content.decode()

        assert "Charge now" not in shown

    @pytest.mark.parametrize("name", NAMES)
    def test_an_owner_is_kept_out(self, client: Client, alice: Any, name: str) -> None:
        client.force_login(alice)
        address = reverse(f"admin:billing_episode_{name}", args=[failing().pk])

        assert client.post(address, follow=True).status_code == 403

    @pytest.mark.parametrize("name", NAMES)
    def test_what_is_not_there_is_not_found(self, desk: Client, name: str) -> None:
        assert desk.get(reverse(f"admin:billing_episode_{name}", args=["999"])).status_code == 404


class TestMails:
    def test_stand_on_the_contacts_page(self, desk: Client) -> None:
        notice = NoticeFactory()

        shown = desk.get(admin_url(notice.owner.user.crm_record)).content.decode()

        assert notice.title in shown
        assert "Mail refused" not in shown

    def test_that_a_mailbox_refused_are_told_on_the_contact(self, desk: Client) -> None:
        refused = "The mailbox refused it: No such user"
        notice = NoticeFactory(given_up_at=timezone.now(), failure=refused)

        shown = desk.get(admin_url(notice.owner.user.crm_record)).content.decode()

        assert "Mail refused" in shown
        assert refused in shown

    def test_are_shown_with_their_words(self, desk: Client) -> None:
        notice = NoticeFactory(text="Hello Olive,\n\nit is <b>paid</b>.")

        shown = desk.get(admin_url(notice)).content.decode()

        assert "it is &lt;b&gt;paid&lt;/b&gt;." in shown

    def test_of_others_that_may_hold_links_to_log_in_are_not(self, desk: Client) -> None:
        EmailMessage("Reset", "https://secret.example/reset", to=["a@example.com"]).send()

        shown = desk.get(admin_url(Email.objects.get())).content.decode()

        assert "secret.example" not in shown

    def test_that_were_given_up_are_tried_again_with_one_press(self, desk: Client) -> None:
        EmailMessage("Hello", "Words", to=["a@example.com"]).send()
        mail = Email.objects.get()
        Email.objects.update(status=STATUS.failed)
        notice = NoticeFactory(mail=mail, given_up_at=timezone.now(), failure="Refused")
        queue = reverse("admin:post_office_email_changelist")

        chosen = {"action": "queue_anew", "_selected_action": mail.pk}
        shown = desk.post(queue, chosen, follow=True).content.decode()

        mail.refresh_from_db()
        notice.refresh_from_db()
        assert "1 to be tried again" in shown
        assert (mail.status, notice.given_up_at) == (STATUS.queued, None)
