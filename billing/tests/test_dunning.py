"""Failing payments against the sandbox: what is sent, what stops it, and what is shown."""

import datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django_q.models import OrmQ
from post_office.models import Email

from billing import gateway
from billing.dunning import reminding
from billing.dunning.job import NO_ANSWER
from billing.models import (
    Cause,
    Cycle,
    Episode,
    MembershipStatus,
    Notice,
    NoticeKind,
    Outcome,
    PaymentMethod,
)
from billing.tests.failing import ASKS, FAILS_LATER, PAYS, failing, join

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]

DAY = datetime.timedelta(days=1)


def kinds() -> list[str]:
    dunning = NoticeKind.PAST_DUE_FIRST[:-1]
    return [
        kind
        for kind in Notice.objects.order_by("created_at", "pk").values_list("kind", flat=True)
        if kind.startswith(dunning)
    ]


def test_a_failing_payment_takes_its_whole_course(stripe_api):
    member, failed = failing(stripe_api)
    seen = {}

    for day in range(15):
        member.go_to(failed + day * DAY)
        member.run()
        seen[day] = len(kinds())

    assert kinds() == ["past_due_1", "past_due_2", "past_due_3", "past_due_4"]
    assert (seen[0], seen[1], seen[4], seen[10], seen[14]) == (0, 1, 2, 3, 4)
    assert member.row.status == MembershipStatus.EXPIRED
    assert Episode.objects.get().outcome == Outcome.ENDED


def test_access_stays_through_day_13_and_ends_when_stripe_gives_up(stripe_api):
    member, failed = failing(stripe_api)

    member.go_to(failed + 13 * DAY)

    assert (member.row.status, member.row.is_current) == (MembershipStatus.PAST_DUE, True)
    assert member.row.property.status == "live"
    member.go_to(failed + 14 * DAY)
    assert member.row.is_current is False
    assert member.row.property.status == "expired"


def test_the_job_may_run_as_often_as_it_likes(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY)

    for _ in range(3):
        member.run()

    assert kinds() == ["past_due_1"]


def test_two_runs_at_once_cannot_send_the_same_mail_twice():
    Notice.objects.create(
        kind="past_due_1", subject_id="in_1", to="a@example.com", created_at="2026-06-01T10:00Z"
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(
            kind="past_due_1", subject_id="in_1", to="a@example.com", created_at="2026-06-01T10:00Z"
        )


def test_the_mail_says_amount_reason_card_and_end_and_pays_without_a_login(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY)

    member.run()

    mail = Email.objects.get(notice__kind="past_due_1")
    episode = Episode.objects.get()
    ends = failed.date() + 14 * DAY
    for words in ("£780", "Visa ending 0341", f"{ends.day} {ends:%B %Y}", episode.pay_url):
        assert words in mail.message
        assert words in mail.html_message
    assert episode.pay_url.startswith(stripe_api.url)
    assert "Reply-To" in mail.headers


@pytest.mark.parametrize("code", ["stolen_card", "lost_card", "expired_card"])
def test_a_final_refusal_is_told_on_the_day_and_without_an_accusation(stripe_api, code):
    member = join(stripe_api, card=PAYS)
    method = gateway.fetch_payment_method(member.subscription)["id"]
    member.control.bank_says(method, decline_code=code)
    failed = datetime.datetime.combine(
        member.row.renewal_date, datetime.time(11), member.now.tzinfo
    )

    member.go_to(failed)
    member.run()

    episode = Episode.objects.get()
    text = Notice.objects.get(kind="past_due_1").text.lower()
    assert (episode.cause, episode.decline_code) == (Cause.NEW_CARD, code)
    assert "stolen" not in text
    assert "lost" not in text


def test_a_bank_that_asks_for_confirmation_is_stripes_to_mail_at_first(stripe_api):
    member, failed = failing(stripe_api, card=ASKS)

    for day in (0, 1, 4):
        member.go_to(failed + day * DAY)
        member.run()

    assert Episode.objects.get().cause == Cause.AUTHENTICATION
    assert kinds() == ["past_due_2"]
    assert "Confirm the payment" in Notice.objects.get(kind="past_due_2").text


def test_a_payment_closes_the_episode_and_nothing_more_is_sent(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY).run()
    customer = member.row.stripe_customer_id
    member.control.set_card(customer, PAYS)

    for day in (3, 4, 10):
        member.go_to(failed + day * DAY)
        member.run()

    assert kinds() == ["past_due_1"]
    assert Episode.objects.get().outcome == Outcome.PAID
    assert member.row.status == MembershipStatus.ACTIVE


def test_a_reminder_that_waits_in_the_queue_is_taken_back_when_it_is_paid(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY).run()
    episode = Episode.objects.get()
    method = _new_card(member)

    gateway.pay_invoice(episode.stripe_invoice_id, method, key="k1")
    member.look()

    notice = Notice.objects.get(kind="past_due_1")
    assert notice.state == "withdrawn"
    assert notice.mail.expires_at == member.now


def test_a_payment_in_the_hour_before_is_noticed_before_anything_is_sent(stripe_api):
    member, failed = failing(stripe_api)
    episode = Episode.objects.get()
    gateway.pay_invoice(episode.stripe_invoice_id, _new_card(member), key="k1")
    member.control.advance_to(int((failed + DAY).timestamp()))

    member.run()  # no webhook came

    assert kinds() == []
    assert Episode.objects.get().outcome == Outcome.PAID


def test_nothing_is_sent_while_stripe_gives_no_answer(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY)
    stripe_api.control.faults(api_status=500, count=50)

    report = member.run()

    assert [line.why for line in report.lines] == [NO_ANSWER]
    assert (kinds(), report.failed) == ([], [])


def test_a_voided_invoice_stops_the_reminders(stripe_api):
    member, failed = failing(stripe_api)
    with gateway.line.stripe_api() as api:
        api.invoices.void_invoice(Episode.objects.get().stripe_invoice_id)

    member.go_to(failed + 4 * DAY)
    member.run()

    assert kinds() == []
    assert Episode.objects.get().outcome == Outcome.WAIVED


def test_a_new_method_is_given_six_hours(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY).run()
    member.go_to(failed + 4 * DAY)
    reminding.look(Episode.objects.get().pk, now=member.now)
    member.control.set_card(member.row.stripe_customer_id, FAILS_LATER)
    assert "was refused" in member.run().lines[0].why  # it is tried at once, and once

    report = member.run()

    assert "new payment method" in report.lines[0].why
    assert not report.sent


def test_a_failure_wakes_the_worker_in_the_same_transaction(stripe_api):
    member, _ = failing(stripe_api)

    tasks = [row.task for row in OrmQ.objects.all()]

    assert [task["args"] for task in tasks if "remind_soon" in str(task["func"])] == [
        (Episode.objects.get().pk,)
    ]


def test_one_member_that_breaks_holds_up_no_other(stripe_api, monkeypatch):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY)
    monkeypatch.setattr(reminding, "remind", _break)

    report = member.run()

    assert len(report.failed) == 1


def test_a_dry_run_lists_and_sends_nothing(stripe_api):
    member, failed = failing(stripe_api)
    member.go_to(failed + DAY)
    out = StringIO()

    call_command("send_dunning", "--dry-run", stdout=out)

    assert kinds() == []
    assert member.subscription in out.getvalue()


class TestYearlyMembers:
    def test_hear_of_the_renewal_twice_with_price_date_and_how_to_stop(self, stripe_api):
        member = join(stripe_api, cycle=Cycle.ANNUAL, card=PAYS)
        day = datetime.datetime.combine(
            member.row.renewal_date, datetime.time(12), member.now.tzinfo
        )

        for left in (31, 30, 29, 8, 7, 6, 1):
            member.go_to(day - left * DAY)
            member.run()

        sent = {notice.kind: notice for notice in Notice.objects.filter(kind__startswith="renewal")}
        assert set(sent) == {"renewal_30", "renewal_7"}
        assert sent["renewal_30"].created_at == day - 30 * DAY
        assert sent["renewal_7"].created_at == day - 7 * DAY
        text = sent["renewal_30"].text
        for words in ("£780", f"{day.day} {day:%B %Y}", "before that day"):
            assert words in text
        assert not Notice.objects.filter(kind__startswith="card").exists()

    def test_hear_of_a_card_that_does_not_last(self, stripe_api):
        member = join(stripe_api, cycle=Cycle.ANNUAL, card=PAYS, exp_month=1, exp_year=2027)
        day = datetime.datetime.combine(
            member.row.renewal_date, datetime.time(12), member.now.tzinfo
        )

        for left in (31, 30, 8, 7):
            member.go_to(day - left * DAY)
            member.run()

        sent = list(Notice.objects.filter(kind__startswith="card").order_by("created_at"))
        assert [notice.kind for notice in sent] == ["card_30", "card_7"]
        assert "01/2027" in sent[0].text

    def test_are_left_alone_once_the_card_is_new(self, stripe_api):
        member = join(stripe_api, cycle=Cycle.ANNUAL, card=PAYS, exp_month=1, exp_year=2027)
        day = datetime.datetime.combine(
            member.row.renewal_date, datetime.time(12), member.now.tzinfo
        )
        member.go_to(day - 30 * DAY).run()
        method = gateway.fetch_payment_method(member.subscription)["id"]
        member.control.bank_says(method, exp_month=12, exp_year=2030)

        member.go_to(day - 7 * DAY).run()

        assert not Notice.objects.filter(kind="card_7").exists()


def test_a_monthly_member_gets_no_mail_about_card_or_renewal(stripe_api):
    member = join(stripe_api, card=PAYS, exp_month=3, exp_year=2026)

    member.go_to(member.now + 25 * DAY).run()

    assert set(Notice.objects.values_list("kind", flat=True)) == {"receipt"}
    method = PaymentMethod.objects.get()
    assert method.expires_before(member.row.renewal_date)


def _new_card(member) -> str:
    member.control.set_card(member.row.stripe_customer_id, PAYS)
    return gateway.fetch_payment_method(member.subscription)["id"]


def _break(*args, **kwargs):
    raise ValueError("broken")
