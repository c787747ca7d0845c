"""What a whole run leaves: through the sandbox, the webhook, the forms and the mirror."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django_q.models import OrmQ
from post_office.models import STATUS, Email

from accounts.models import Owner, User
from billing.models import (
    Cycle,
    Episode,
    Feature,
    IncomingEvent,
    Membership,
    MembershipStatus,
    Notice,
    Payment,
)
from crm.demo.making import PASSWORD
from crm.demo.people import OLIVIA
from crm.models import ActivityLog, Contact, Interaction, SyncFailure
from crm.proof.stripe import standing
from crm.proof.verdict import Colour
from crm.tests.demo.conftest import NOW, everything, pictures
from listings.choices import EnquiryStatus, ListingStatus
from listings.models import Enquiry, Photo, Property

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db, pytest.mark.usefixtures("made")]


def statuses(model) -> set[str]:
    return set(model.objects.values_list("status", flat=True))


def test_a_new_feature_gets_a_number_of_its_own():
    assert Feature.objects.create(code="new", text="New").pk


class TestTwice:
    def test_the_same_seed_and_moment_make_the_same_rows(self, made):
        second = everything()

        for table, rows in made.first_rows.items():
            assert second[table] == rows, table

    def test_and_the_same_pictures(self, made):
        assert pictures() == made.first_pictures


class TestStatuses:
    def test_houses_are_in_all_of_them(self):
        assert statuses(Property) == set(ListingStatus.values)

    def test_enquiries_are_in_all_of_them(self):
        assert statuses(Enquiry) == set(EnquiryStatus.values)
        assert not Enquiry.objects.filter(status="lost", lost_reason="").exists()

    def test_memberships_are_in_all_of_them_in_every_tier_and_cycle(self):
        assert statuses(Membership) == set(MembershipStatus.values)
        assert set(Membership.objects.values_list("tier__code", "billing_cycle")) == {
            (tier, cycle) for tier in ("bronze", "silver", "gold") for cycle in Cycle.values
        }

    def test_some_enquiries_are_held_back(self):
        assert Enquiry.objects.exclude(quarantine_reason="").exists()


class TestHistory:
    def test_every_membership_came_by_a_webhook_and_none_failed(self, made):
        counts = made.sandbox.control.clock()["deliveries"]

        assert (counts["failed"], counts["pending"]) == (0, 0)
        assert counts["delivered"] == IncomingEvent.objects.filter(status="done").count()
        changes = ActivityLog.objects.filter(entity_type="memberships", activity_type="created")
        assert set(changes.values_list("actor", flat=True)) == {"stripe"}

    def test_payments_carry_the_days_on_which_they_were_made(self):
        days = Payment.objects.dates("paid_at", "month")

        assert len(days) > 6
        assert Payment.objects.filter(paid_at__gt=NOW).count() == 0
        late = [each for each in Payment.objects.all() if each.created_at != each.paid_at]
        assert late == []

    def test_what_staff_decided_is_in_their_name(self):
        decisions = ActivityLog.objects.filter(
            entity_type="properties", activity_type="status_changed", title__contains=" live"
        )

        assert set(decisions.values_list("actor", flat=True)) <= {
            "staff@gatehouse.example",
            "agent@gatehouse.example",
        }
        assert decisions.exists()

    def test_nothing_is_older_than_the_story_or_younger_than_its_end(self):
        moments = ActivityLog.objects.order_by("created_at").values_list("created_at", flat=True)

        assert moments.last() <= NOW
        assert (NOW - moments.first()).days in range(400, 560)

    def test_past_due_memberships_have_failed_attempts_and_a_next_one(self):
        owing = Membership.objects.get(status=MembershipStatus.PAST_DUE)

        assert owing.payment_failure_count >= 1
        assert owing.next_payment_date >= NOW.date()


class TestMoney:
    def test_came_back_in_every_way(self):
        kinds = set(Payment.objects.filter(gross_pence__lt=0).values_list("kind", flat=True))

        assert kinds == {"refund", "credit_note", "dispute"}
        assert Payment.objects.filter(kind="dispute", gross_pence__gt=0).exists()  # a won one

    def test_a_full_refund_leaves_nothing_of_its_invoice(self):
        [cut_short] = [
            each
            for each in Payment.objects.filter(kind="refund")
            if each.membership.status == MembershipStatus.CANCELLED
        ]

        rows = Payment.objects.filter(stripe_invoice_id=cut_short.stripe_invoice_id)
        assert rows.totals()["gross_pence"] == 0

    def test_plans_have_changed(self):
        changes = ActivityLog.objects.filter(entity_type="memberships", activity_type="updated")

        changed = {name for each in changes for name in each.changes}
        assert {"plan_tier", "billing_cycle"} <= changed

    def test_failed_payments_were_recovered_given_up_and_are_failing(self):
        outcomes = set(Episode.objects.values_list("outcome", flat=True))

        assert outcomes == {"", "paid", "ended"}

    def test_members_were_written_to_at_the_time(self):
        failing = Episode.objects.get(closed_at=None)
        mails = failing.notices.order_by("created_at")

        assert mails.first().kind == "past_due_1"
        assert mails.first().created_at - failing.first_failed_at < timedelta(days=2)
        assert Notice.objects.filter(kind="renewal_30").exists()
        assert not Notice.objects.filter(sent_at=None, withdrawn_at=None).exists()
        assert not Notice.objects.filter(created_at__gt=NOW).exists()

    def test_all_equals_stripe(self):
        said = standing(now=NOW)

        assert (said.colour, said.run.found) == (Colour.GREEN, 0)
        assert "equal" in said.sentence


class TestMirror:
    def test_equals_its_sources(self):
        call_command("crm_check")

        assert not SyncFailure.objects.exists()

    def test_the_guest_who_became_an_owner_is_one_contact(self):
        both = Contact.objects.filter(is_owner=True, is_guest=True)

        assert both.count() == 1
        assert both.get().enquiries_made.count() == 3


class TestPeople:
    def test_olivia_can_log_in_and_finds_houses_in_several_states(self, client):
        assert client.login(email=OLIVIA.email, password=PASSWORD)
        houses = Property.objects.filter(owner=Owner.objects.get(user__email=OLIVIA.email))
        assert len(set(houses.values_list("status", flat=True))) >= 3

    def test_the_manager_may_do_everything_and_the_agent_less(self):
        staff = dict(User.objects.filter(is_staff=True).values_list("email", "is_superuser"))

        assert staff == {"staff@gatehouse.example": True, "agent@gatehouse.example": False}

    def test_staff_have_talked_with_people(self):
        assert Interaction.objects.count() > 10
        assert Interaction.objects.filter(direction="inbound", read_at=None).exists()


class TestWorker:
    def test_has_no_mail_of_the_past_to_send(self):
        assert set(Email.objects.values_list("status", flat=True)) == {STATUS.sent}
        assert not OrmQ.objects.exists()


def test_every_house_that_was_submitted_has_photos_with_captions():
    assert not Property.objects.exclude(status="draft").filter(photos=None).exists()
    assert not Photo.objects.filter(caption="").exists()
    assert Photo.objects.filter(width__gte=1600).count() == Photo.objects.count()
