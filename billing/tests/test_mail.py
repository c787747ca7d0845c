"""Every mail to owners: written well, queued with what it tells, once; and what became of it."""

import datetime
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from post_office.models import STATUS, Email

from accounts.mail_delivery import WAITS, settle, try_again
from accounts.tests.factories import OwnerFactory
from accounts.transitions import TransitionNotAllowed
from billing import deliveries, mail, notices, publishing
from billing.letters import listing, past_due
from billing.letters import membership as about_membership
from billing.letters.letter import Letter
from billing.models import Cause, Cycle, Notice, NoticeKind, ScheduledChange
from billing.tests.factories import (
    EpisodeFactory,
    MembershipFactory,
    PaymentMethodFactory,
    TierFactory,
)
from billing.tests.stripe_objects import at, make_invoice, make_subscription
from listings.tests.factories import PropertyFactory
from listings.tests.pictures import give_photos

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 5, 12, 12, 30, tzinfo=datetime.UTC)
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{%|\bNone\b|<built-in|object at 0x")
AMOUNTS = {"net_pence": 65_000, "vat_pence": 13_000, "gross_pence": 78_000}


def membership(**fields):
    of_house = {name[10:]: fields.pop(name) for name in [*fields] if name.startswith("property__")}
    house = PropertyFactory(title="Tom & Jo's <Hall>", owner__user__first_name="Alice", **of_house)
    return MembershipFactory(owner=house.owner, property=house, **fields)


def reminder(kind, **fields):
    row = membership(status="past_due")
    method = PaymentMethodFactory(membership=row)
    return past_due.past_due(kind, EpisodeFactory(membership=row, **fields), method)


def house():
    return PropertyFactory(title="Tom & Jo's <Hall>", rejection_reason="The photos\nare too dark.")


LETTERS = {
    NoticeKind.RECEIPT: lambda: about_membership.begun(membership(), AMOUNTS, NOW.date()),
    NoticeKind.SUBMITTED: lambda: listing.submitted(house()),
    NoticeKind.APPROVED: lambda: listing.approved(house()),
    NoticeKind.REJECTED: lambda: listing.rejected(house()),
    NoticeKind.PAST_DUE_FIRST: lambda: reminder(NoticeKind.PAST_DUE_FIRST),
    NoticeKind.PAST_DUE_REMINDER: lambda: reminder(
        NoticeKind.PAST_DUE_REMINDER, cause=Cause.NEW_CARD, decline_code="expired_card"
    ),
    NoticeKind.PAST_DUE_LAST_CALL: lambda: reminder(
        NoticeKind.PAST_DUE_LAST_CALL, cause=Cause.AUTHENTICATION, decline_code="requires_action"
    ),
    NoticeKind.PAST_DUE_ENDED: lambda: past_due.ended_unpaid(
        EpisodeFactory(membership=membership(status="expired"))
    ),
    NoticeKind.PAY_LINK: lambda: reminder(NoticeKind.PAY_LINK),
    NoticeKind.ENDED: lambda: about_membership.ended(membership(status="cancelled")),
    NoticeKind.RENEWAL_30: lambda: about_membership.renews(
        membership(), 78_000, PaymentMethodFactory.build(membership=None)
    ),
    NoticeKind.RENEWAL_7: lambda: about_membership.renews(membership(), 78_000, None),
    NoticeKind.CARD_30: lambda: about_membership.card_expires(
        membership(), PaymentMethodFactory.build(membership=None, exp_month=8, exp_year=2026)
    ),
    NoticeKind.CARD_7: lambda: about_membership.card_expires(
        membership(), PaymentMethodFactory.build(membership=None, exp_month=8, exp_year=2026)
    ),
}


def test_every_kind_of_mail_has_its_letter():
    assert set(LETTERS) == set(NoticeKind)


@pytest.mark.parametrize("kind", LETTERS)
class TestEveryMail:
    def compose(self, kind, settings):
        settings.SITE_URL = "https://houses.example"
        settings.REPLY_TO_EMAIL = "Olivia <olivia@houses.example>"
        message = mail.compose(LETTERS[kind](), OwnerFactory(user__first_name="Alice"))
        ((html, _),) = message.alternatives
        return message, str(html)

    def test_is_written_out_in_full(self, kind, settings):
        message, html = self.compose(kind, settings)

        for text in (message.subject, message.body, html):
            assert not PLACEHOLDER.search(text)
        assert message.body.startswith("Hello Alice,")
        assert "\n\n\n" not in message.body

    def test_names_the_business_and_a_person_to_answer(self, kind, settings):
        message, html = self.compose(kind, settings)

        assert settings.SITE_NAME in message.body
        assert settings.SITE_NAME in html
        assert message.reply_to == ["Olivia <olivia@houses.example>"]

    def test_has_one_button_and_only_whole_addresses(self, kind, settings):
        message, html = self.compose(kind, settings)

        links = re.findall(r'href="([^"]*)"', html)
        assert all(link.startswith("https://") for link in links)
        assert links[0] in html.replace("&amp;", "&")
        assert links[0].replace("&amp;", "&") in message.body

    def test_escapes_what_an_owner_typed(self, kind, settings):
        _, html = self.compose(kind, settings)

        assert "<Hall>" not in html

    def test_says_the_same_in_both_forms(self, kind, settings):
        letter = LETTERS[kind]()
        message = mail.compose(letter, OwnerFactory())
        ((html, _),) = message.alternatives

        for text in [*letter.paragraphs, *letter.after]:
            assert text in message.body
        assert html.count("<p>") >= len(letter.paragraphs)


@pytest.mark.parametrize(
    ("status", "is_gone"), [("expired", True), ("live", False), ("draft", False)]
)
def test_the_end_of_a_membership_says_of_its_house_only_what_is_so(status, is_gone):
    row = membership(status="expired", property__status=status)
    letters = [
        about_membership.ended(row),
        past_due.ended_unpaid(EpisodeFactory(membership=row)),
    ]

    said = ["no longer shown to guests" in letter.paragraphs[0] for letter in letters]
    assert said == [is_gone, is_gone]


def test_a_renewal_that_brings_a_planned_change_is_not_called_another_year():
    row = membership(tier__code="gold")
    ScheduledChange.objects.create(
        membership=row,
        tier=TierFactory(code="silver"),
        billing_cycle=Cycle.MONTHLY,
        net_pence=6_500,
        vat_pence=1_300,
        starts_on=row.renewal_date,
    )

    letter = about_membership.renews(row, 7_800, None)

    assert "gold membership changes on 10 January 2027" in letter.paragraphs[0]
    assert "it is silver, monthly. We then charge £78," in letter.paragraphs[0]
    assert ("From then on", "Silver, monthly") in letter.facts


# --- Sent once, with what it tells ----------------------------------------------------------------


def kinds():
    return sorted(Notice.objects.values_list("kind", flat=True))


def send(subject="in_1", owner=None, **more):
    letter = Letter("Hello\r\nBcc: x@example.com", ["Words."])
    owner = owner or OwnerFactory()
    return mail.send(NoticeKind.ENDED, subject, letter, owner=owner, now=NOW, **more)


class TestSending:
    def test_about_one_thing_happens_once(self):
        owner = OwnerFactory()

        first, second = send(owner=owner), send(owner=owner)

        assert (first is None, second is None) == (False, True)
        assert Email.objects.count() == 1

    def test_leaves_nothing_when_what_it_tells_is_rolled_back(self):
        with transaction.atomic():
            send()
            transaction.set_rollback(True)

        assert (Notice.objects.count(), Email.objects.count()) == (0, 0)

    def test_keeps_a_line_break_out_of_the_subject(self):
        send()

        assert Email.objects.get().subject == "Hello Bcc: x@example.com"

    def test_to_an_address_that_is_none_stops_nothing_and_is_shown(self):
        owner = OwnerFactory(user__email="not-an-address")

        notice = send(owner=owner)

        assert (notice.state, Email.objects.count()) == ("refused", 0)

    def test_to_nobody_sends_nothing(self):
        assert mail.send(NoticeKind.ENDED, "x", Letter("a", []), owner=None, now=NOW) is None

    def test_keeps_the_words_as_proof_when_the_queue_is_emptied(self):
        notice = send()
        Email.objects.all().delete()

        notice.refresh_from_db()
        assert (notice.mail, "Words." in notice.text) == (None, True)


def refreshed(row, *invoices, was=None, **subscription):
    notices.after_refresh(row, make_subscription(**subscription), list(invoices), was=was, now=NOW)


class TestAMembership:
    def test_that_begins_brings_one_receipt_however_often_it_is_looked_at(self):
        row = membership()

        for _ in range(3):
            refreshed(row, make_invoice())

        assert kinds() == ["receipt"]
        text = Notice.objects.get().text
        assert "£650 and £130 VAT" in text
        assert "£780 on 12 May 2026" in text

    def test_that_renews_brings_no_second_receipt(self):
        row = membership()
        refreshed(row, make_invoice())

        refreshed(row, make_invoice(), make_invoice(id="in_2", paid="2026-05-13"))

        assert kinds() == ["receipt"]

    def test_that_began_long_ago_brings_none(self):
        refreshed(membership(), make_invoice(paid="2026-03-01"))

        assert kinds() == []

    def test_in_a_trial_has_paid_nothing_yet(self):
        refreshed(
            membership(),
            make_invoice(amount_paid=0, total=0),
            status="trialing",
            trial_end=at("2026-05-26"),
        )

        assert kinds() == []

    def test_that_begins_with_a_coupon_over_all_of_it_is_told_at_once_and_only_then(self):
        row = membership()
        free = make_invoice(amount_paid=0, total=0, total_excluding_tax=0)

        refreshed(row, free)
        refreshed(row, free, make_invoice(id="in_2", paid="2026-05-13"))

        assert kinds() == ["receipt"]
        assert "There was nothing to pay this time." in Notice.objects.get().text

    def test_that_was_cancelled_and_ends_is_told_with_the_way_back(self, settings):
        row = membership(status="cancelled")

        for was in ("expiring_soon", "cancelled"):
            refreshed(row, was=was, ended_at=at("2026-05-12"))

        assert kinds() == ["ended"]
        assert (
            f"{settings.SITE_URL}/owner/plans/?house={row.property_id}" in Notice.objects.get().text
        )

    def test_that_ended_long_ago_is_not_told_again(self):
        refreshed(membership(status="cancelled"), was="active", ended_at=at("2026-04-01"))

        assert kinds() == []

    def test_that_lapses_at_night_is_told_in_the_morning(self):
        row = membership(status="expired")
        EpisodeFactory(membership=row, stripe_invoice_id="in_1")
        night = NOW.replace(hour=23)

        notices.after_refresh(
            row,
            make_subscription(ended_at=int(night.timestamp())),
            [make_invoice(paid=None)],
            was="past_due",
            now=night,
        )

        notice = Notice.objects.get()
        assert notice.kind == NoticeKind.PAST_DUE_ENDED
        assert notice.mail.scheduled_time.isoformat() == "2026-05-13T08:00:00+00:00"

    def test_that_its_owner_ends_while_a_payment_fails_is_not_told_that_it_lapsed(self):
        row = membership(status="cancelled")
        EpisodeFactory(membership=row, stripe_invoice_id="in_1")

        refreshed(row, make_invoice(paid=None), was="past_due", ended_at=at("2026-05-12"))

        assert kinds() == ["ended"]


class TestAListing:
    def test_is_told_of_each_of_its_steps_once(self, complete_house):
        publishing.submit(complete_house, now=NOW)
        publishing.reject(complete_house, reason="Too dark.", now=NOW)
        publishing.submit(complete_house, now=NOW + datetime.timedelta(days=1))
        publishing.approve(complete_house, by="bob@example.com", now=NOW)

        assert kinds() == ["approved", "rejected", "submitted", "submitted"]
        assert "Too dark." in Notice.objects.get(kind="rejected").text

    def test_is_told_nothing_when_the_step_is_refused(self, complete_house):
        with pytest.raises(TransitionNotAllowed):
            publishing.approve(complete_house, by="bob@example.com", now=NOW)

        assert kinds() == []


@pytest.fixture
def complete_house():
    row = PropertyFactory()
    give_photos(row)
    MembershipFactory(owner=row.owner, billing_cycle=Cycle.ANNUAL)
    return row


# --- Delivery -------------------------------------------------------------------------------------


def tried(kind="SMTPRecipientsRefused", message="", retries=1):
    """A notice whose mail has just failed, as the queue leaves it."""
    notice = send()
    Email.objects.filter(pk=notice.mail_id).update(
        status=STATUS.requeued, number_of_retries=retries, last_updated=NOW, scheduled_time=NOW
    )
    notice.mail.logs.create(status=STATUS.failed, exception_type=kind, message=message)
    return notice


GONE = "{'alice@example.com': (550, b'No such user here')}"
BUSY = "{'alice@example.com': (450, b'Mailbox busy')}"


class TestDelivery:
    @pytest.mark.parametrize(("retries", "wait"), list(enumerate(WAITS, start=1)))
    def test_waits_longer_after_each_failure(self, retries, wait):
        notice = tried("ConnectionRefusedError", "[Errno 111]", retries)

        settle()
        settle()

        notice.mail.refresh_from_db()
        assert notice.mail.scheduled_time == NOW + wait

    def test_gives_up_what_the_mailbox_refuses_and_says_why(self):
        notice = tried(message=GONE)

        settle()
        deliveries.follow()

        notice.refresh_from_db()
        assert (notice.mail.status, notice.state) == (STATUS.failed, "refused")
        assert notice.failure == "The mailbox refused it: No such user here"

    @pytest.mark.parametrize(
        ("kind", "message", "words"),
        [
            ("SMTPRecipientsRefused", BUSY, "The mailbox refused it"),
            ("ConnectionRefusedError", "[Errno 111]", "could not be reached"),
            ("SMTPAuthenticationError", "(535, b'')", "did not accept our login"),
            ("SMTPDataError", "(554, b'Spam')", "did not take it"),
        ],
    )
    def test_of_what_may_yet_go_out_is_only_delayed(self, kind, message, words):
        notice = tried(kind, message)

        settle()
        deliveries.follow()

        notice.refresh_from_db()
        assert (notice.mail.status, notice.state) == (STATUS.requeued, "delayed")
        assert words in notice.failure

    def test_notes_when_it_went_out(self):
        notice = tried()
        Email.objects.update(status=STATUS.sent, last_updated=NOW)

        assert (deliveries.follow(), deliveries.follow()) == (1, 0)

        notice.refresh_from_db()
        assert (notice.state, notice.sent_at, notice.failure) == ("sent", NOW, "")

    def test_is_tried_again_when_staff_say_so(self):
        notice = tried(message=GONE)
        settle()
        deliveries.follow()
        mails = list(Email.objects.all())

        assert try_again(mails, now=NOW) == 1
        deliveries.follow_anew(mails)

        notice.refresh_from_db()
        assert (notice.mail.status, notice.given_up_at) == (STATUS.queued, None)

    def test_costs_the_same_queries_for_2_and_for_12_that_went_out(self):
        def cost(rows):
            for number in range(rows):
                send(subject=f"{rows}-{number}")
            Notice.objects.update(sent_at=NOW)
            with CaptureQueriesContext(connection) as queries:
                deliveries.follow()
            return len(queries)

        assert cost(2) == cost(10)
