"""“Charge now”, “send link” and “pause”: what is refused and why, and what a press does."""

import datetime

import pytest

from accounts.london import day_of
from accounts.templatetags.site import pounds
from billing import gateway
from billing.dunning import charging, desk, job, reminding
from billing.models import Episode, MembershipStatus, Notice, Outcome, ReminderPause
from billing.tests.factories import EpisodeFactory, MembershipFactory, PaymentMethodFactory
from billing.tests.failing import FAILS_LATER, PAYS, failing

NOW = datetime.datetime(2026, 6, 3, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def obstacle(method=None, **fields) -> str:
    episode = EpisodeFactory.build(
        membership=None,
        first_failed_at=NOW - 48 * HOUR,
        tried_method_id="pm_old",
        **{"last_failed_at": NOW - HOUR, **fields},
    )
    method = PaymentMethodFactory.build(membership=None, **(method or {"stripe_id": "pm_old"}))
    return charging.obstacle(episode, method, NOW)


class TestTheRules:
    def test_the_same_card_waits_24_hours(self):
        assert "less than 24 hours ago. Try again in 23 hours" in obstacle()
        assert obstacle(last_failed_at=NOW - 24 * HOUR) == ""

    def test_another_card_may_be_charged_at_once(self):
        assert obstacle({"stripe_id": "pm_new"}) == ""

    def test_so_may_a_card_that_its_network_has_renewed(self):
        renewed = {"stripe_id": "pm_old", "changed_at": NOW - HOUR / 2}

        assert obstacle(renewed) == ""

    def test_not_after_15_tries_in_30_days(self):
        assert "banks allow 15" in obstacle({"stripe_id": "pm_new"}, recent_tries=15)
        assert obstacle({"stripe_id": "pm_new"}, recent_tries=14) == ""

    def test_not_while_a_bank_payment_is_under_way(self):
        assert "under way" in obstacle({"stripe_id": "pm_new"}, is_processing=True)

    def test_not_without_a_card(self):
        assert "no card on file" in obstacle({"stripe_id": ""})

    def test_not_what_is_paid(self):
        paid = {"closed_at": NOW, "outcome": Outcome.PAID}

        assert obstacle(**paid) == "There is nothing to charge: paid."


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
class TestAtTheSandbox:
    def test_a_new_card_pays_and_the_membership_is_active_again(self, stripe_api):
        member, _ = failing(stripe_api)
        member.control.set_card(member.row.stripe_customer_id, PAYS)

        words = charging.charge(Episode.objects.get().pk, now=member.now)

        owed = pounds(Episode.objects.get().amount_pence)
        assert words == f"{owed} was paid by Visa ending 4242."
        assert member.row.status == MembershipStatus.ACTIVE
        assert Episode.objects.get().outcome == Outcome.PAID

    def test_the_same_card_is_not_tried_again_on_the_day(self, stripe_api):
        member, _ = failing(stripe_api)

        with pytest.raises(charging.ChargeRefused, match="less than 24 hours ago"):
            charging.charge(Episode.objects.get().pk, now=member.now)

    def test_a_refusal_is_told_in_words_and_starts_the_24_hours_anew(self, stripe_api):
        member, failed = failing(stripe_api)
        member.go_to(failed + 25 * HOUR)
        episode = Episode.objects.get().pk

        words = charging.charge(episode, now=member.now)

        assert (
            words == "Visa ending 0341 was refused: Declined without a reason. Nothing was charged."
        )
        assert Episode.objects.get().recent_tries == 2
        with pytest.raises(charging.ChargeRefused, match="less than 24 hours ago"):
            charging.charge(episode, now=member.now)

    def test_stripes_timetable_and_count_of_tries_stay_as_they_were(self, stripe_api):
        member, failed = failing(stripe_api)
        before = Episode.objects.get()
        member.go_to(failed + 25 * HOUR)

        charging.charge(before.pk, now=member.now)

        after = Episode.objects.get()
        assert after.attempt_count == before.attempt_count
        assert after.next_attempt_at == before.next_attempt_at

    def test_two_presses_with_one_key_charge_once(self, stripe_api):
        member, _ = failing(stripe_api)
        member.control.set_card(member.row.stripe_customer_id, PAYS)
        episode = Episode.objects.get()
        method = gateway.fetch_payment_method(member.subscription)["id"]

        results = [
            gateway.pay_invoice(episode.stripe_invoice_id, method, key="one") for _ in range(2)
        ]

        invoice = gateway.fetch_invoice_with_payments(episode.stripe_invoice_id)
        assert results == ["paid", "paid"]
        assert invoice["amount_paid"] == episode.amount_pence > 0

    def test_of_two_presses_at_once_one_charges(self, stripe_api, monkeypatch):
        member, _ = failing(stripe_api)
        member.control.set_card(member.row.stripe_customer_id, PAYS)
        episode, pay = Episode.objects.get().pk, gateway.pay_invoice

        def pay_while_another_presses(*args, **how):
            monkeypatch.setattr(gateway, "pay_invoice", pay)
            with pytest.raises(charging.ChargeRefused, match="at this very moment"):
                charging.charge(episode, now=member.now)
            assert "at this very moment" in charging.charge_new_method(episode, now=member.now)
            return pay(*args, **how)

        monkeypatch.setattr(gateway, "pay_invoice", pay_while_another_presses)

        assert "was paid" in charging.charge(episode, now=member.now)
        with pytest.raises(charging.ChargeRefused, match="nothing to charge: paid"):
            charging.charge(episode, now=member.now)

    def test_no_answer_charges_nothing(self, stripe_api):
        member, _ = failing(stripe_api)
        member.control.set_card(member.row.stripe_customer_id, PAYS)
        stripe_api.control.faults(api_status=500, count=50)

        with pytest.raises(gateway.StripeUnavailable):
            charging.charge(Episode.objects.get().pk, now=member.now)

        stripe_api.control.no_faults()
        member.look()
        assert member.row.status == MembershipStatus.PAST_DUE

    def test_what_was_paid_is_said_even_if_stripe_is_silent_afterwards(
        self, stripe_api, monkeypatch
    ):
        member, _ = failing(stripe_api)
        member.control.set_card(member.row.stripe_customer_id, PAYS)
        pay = gateway.pay_invoice

        def pay_before_silence(*args, **how):
            result = pay(*args, **how)
            stripe_api.control.faults(api_status=500, count=50)
            return result

        monkeypatch.setattr(gateway, "pay_invoice", pay_before_silence)

        assert "was paid by Visa ending 4242" in charging.charge(
            Episode.objects.get().pk, now=member.now
        )

    def test_silence_while_it_is_charged_is_not_taken_for_nothing_done(
        self, stripe_api, monkeypatch
    ):
        member, _ = failing(stripe_api)
        member.control.set_card(member.row.stripe_customer_id, PAYS)

        def fall_silent(*args, **how):
            raise gateway.StripeUnavailable("silence")

        monkeypatch.setattr(gateway, "pay_invoice", fall_silent)

        with pytest.raises(charging.ChargeRefused, match="may have been charged all the same"):
            charging.charge(Episode.objects.get().pk, now=member.now)

    def test_a_link_is_sent_at_once_and_again_after_six_hours(self, stripe_api):
        member, failed = failing(stripe_api)
        episode = Episode.objects.get().pk

        notice = desk.send_link(episode, now=member.now)
        with pytest.raises(desk.NotNow, match="less than 6 hours ago"):
            desk.send_link(episode, now=member.now)
        member.go_to(failed + 6 * HOUR)
        desk.send_link(episode, now=member.now)

        assert notice.to == "alice@example.com"
        assert Notice.objects.filter(kind="pay_link").count() == 2

    def test_a_link_is_not_sent_for_what_was_just_paid(self, stripe_api):
        member, _ = failing(stripe_api)
        episode = Episode.objects.get()
        member.control.set_card(member.row.stripe_customer_id, PAYS)
        method = gateway.fetch_payment_method(member.subscription)["id"]
        gateway.pay_invoice(episode.stripe_invoice_id, method, key="one")

        with pytest.raises(desk.NotNow, match="Nothing is owed"):
            desk.send_link(episode.pk, now=member.now)


@pytest.mark.django_db
class TestAPause:
    def pause(self, membership=None, days=5, reason="In hospital"):
        membership = membership or MembershipFactory(status="past_due")
        until = day_of(NOW) + datetime.timedelta(days=days)
        return desk.pause(membership, until=until, reason=reason, by="bob@example.com", now=NOW)

    def test_holds_the_reminders_until_its_day_and_then_ends_by_itself(self):
        episode = EpisodeFactory()
        pause = self.pause(episode.membership)

        assert reminding.facts(episode, now=NOW).paused_until == pause.until
        later = NOW + datetime.timedelta(days=5)
        assert reminding.facts(episode, now=later).paused_until is None

    @pytest.mark.parametrize("days", [-1, 0, 61])
    def test_needs_a_day_that_makes_sense(self, days):
        with pytest.raises(desk.NotNow, match="Choose a day"):
            self.pause(days=days)

    def test_needs_a_reason(self):
        with pytest.raises(desk.NotNow, match="Say why"):
            self.pause(reason="  ")

    def test_takes_the_place_of_an_earlier_one_which_is_kept(self):
        membership = MembershipFactory(status="past_due")
        self.pause(membership, days=5)
        second = self.pause(membership, days=9)

        assert ReminderPause.objects.on(day_of(NOW)).get() == second
        assert ReminderPause.objects.count() == 2

    def test_can_be_ended_early_once(self):
        membership = MembershipFactory(status="past_due")
        self.pause(membership)

        assert desk.resume(membership, now=NOW) is True
        assert desk.resume(membership, now=NOW) is False


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
class TestACardThatTheMemberHasJustPutIn:
    def test_is_charged_by_the_next_round(self, stripe_api):
        member, failed = failing(stripe_api)
        member.go_to(failed + HOUR)
        member.control.set_card(member.row.stripe_customer_id, PAYS)

        [line] = member.run().lines

        owed = pounds(Episode.objects.get().amount_pence)
        assert line.why == f"{owed} was paid by Visa ending 4242."
        assert (line.kind, member.row.status) == ("", MembershipStatus.ACTIVE)

    def test_is_tried_once(self, stripe_api):
        member, failed = failing(stripe_api)
        member.go_to(failed + HOUR)
        member.control.set_card(member.row.stripe_customer_id, FAILS_LATER)

        for _ in range(3):
            member.run()

        # the renewal's own try, and ours
        assert Episode.objects.get().recent_tries == 2
        assert Episode.objects.get().closed_at is None

    def test_the_card_that_failed_is_never_tried_by_us(self, stripe_api):
        member, failed = failing(stripe_api)
        member.go_to(failed + 30 * HOUR)

        member.run()

        assert Episode.objects.get().recent_tries == 1

    def test_a_dry_run_charges_nothing(self, stripe_api):
        member, failed = failing(stripe_api)
        member.go_to(failed + HOUR)
        member.control.set_card(member.row.stripe_customer_id, PAYS)

        job.run(now=member.now, dry=True)

        assert member.row.status == MembershipStatus.PAST_DUE
