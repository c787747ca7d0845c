import datetime

import pytest
from django.urls import reverse

from accounts.tests.factories import OwnerFactory, UserFactory
from billing.next_step import next_step
from billing.tests.factories import (
    EpisodeFactory,
    MembershipFactory,
    PaymentMethodFactory,
)
from listings.intake import NOT_LIVE
from listings.tests.factories import EnquiryFactory, PropertyFactory
from listings.tests.pictures import give_photos

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    owner = OwnerFactory(user__first_name="Alice")
    client.force_login(owner.user)
    return owner


def page(client):
    return client.get(reverse("dashboard")).content.decode()


class TestNextStep:
    @pytest.mark.parametrize(
        ("status", "paid", "missing", "label", "place"),
        [
            ("draft", False, ["a title"], "Finish the listing", "house_edit"),
            ("draft", True, ["a title"], "Finish the listing", "house_edit"),
            ("draft", False, [], "Choose a plan", "plans"),
            ("draft", True, [], "Submit for approval", "house_submit"),
            ("rejected", False, [], "Submit again", "house_submit"),
            ("rejected", True, [], "Submit again", "house_submit"),
            ("expired", False, [], "Renew", "plans"),
            ("expired", True, [], "Submit again", "house_submit"),
            ("paused", True, [], "Resume", "house_resume"),
            ("live", True, [], "", None),
            ("pending_approval", True, [], "", None),
        ],
    )
    def test_each_house_has_one(self, status, paid, missing, label, place):
        reason = "Too dark" if status == "rejected" else ""
        house = PropertyFactory(status=status, rejection_reason=reason)

        step = next_step(house, None, has_unused=paid, missing=missing)

        places = {
            None: "",
            "plans": f"{reverse('plans')}?house={house.pk}",
        }
        wanted = places[place] if place in places else reverse(place, args=[house.pk])
        assert (step.label, step.url) == (label, wanted)
        assert step.posts == (place in {"house_submit", "house_resume"})


class TestDashboard:
    def test_a_new_owner_is_led_by_the_hand(self, client, alice):
        shown = page(client)

        assert "Welcome, Alice" in shown
        assert "Add your first house" in shown

    def test_it_shows_the_owners_houses_and_no_others(self, client, alice):
        PropertyFactory(owner=alice, title="My Hall")
        PropertyFactory(title="Their Hall")

        shown = page(client)

        assert "My Hall" in shown
        assert "Their Hall" not in shown

    def test_a_rejected_house_says_why(self, client, alice):
        PropertyFactory(owner=alice, rejected=True)

        assert "The photos are too dark." in page(client)

    def test_an_unused_membership_is_pointed_out(self, client, alice):
        MembershipFactory(owner=alice, end_date=datetime.date(2027, 5, 1))

        assert "You have an unused silver membership until 1 May 2027." in page(client)

    def test_a_used_or_ended_membership_is_not_unused(self, client, alice):
        MembershipFactory(owner=alice, property=PropertyFactory(owner=alice))
        MembershipFactory(owner=alice, status="expired")

        assert "unused" not in page(client)

    def test_a_failed_payment_is_explained(self, client, alice):
        house = PropertyFactory(owner=alice, live=True)
        MembershipFactory(owner=alice, property=house, status="past_due")

        assert "The last payment failed.</strong> The listing stays up" in page(client)

    def test_of_a_paused_house_it_does_not_say_that_the_listing_is_up(self, client, alice):
        house = PropertyFactory(owner=alice, paused=True)
        MembershipFactory(owner=alice, property=house, status="past_due")

        assert "The membership goes on while we try again." in page(client)
        assert "The listing stays up" not in page(client)

    def test_a_failing_payment_says_what_why_until_when_and_where_to_pay(self, client, alice):
        house = PropertyFactory(owner=alice, live=True)
        membership = MembershipFactory(owner=alice, property=house, status="past_due")
        EpisodeFactory(
            membership=membership,
            first_failed_at=datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC),
            decline_code="stolen_card",
            cause="new_card",
        )

        shown = page(client)

        for words in ("£780 with VAT", "another one is needed", "15 June 2026", "Pay £780 now"):
            assert words in shown
        assert 'href="https://pay.example/i/1"' in shown
        assert "stolen" not in shown

    def test_a_card_that_ends_before_the_next_payment_is_told_by_the_month_too(self, client, alice):
        membership = MembershipFactory(
            owner=alice, billing_cycle="monthly", renewal_date=datetime.date(2026, 9, 15)
        )
        PaymentMethodFactory(membership=membership, exp_month=8, exp_year=2026)

        assert "Visa ending 4242 expires before your next payment" in page(client)

    def test_a_card_that_lasts_is_not_mentioned(self, client, alice):
        PaymentMethodFactory(membership=MembershipFactory(owner=alice))

        assert "ending 4242" not in page(client)

    def test_held_back_enquiries_are_not_shown(self, client, alice):
        house = PropertyFactory(owner=alice, live=True)
        EnquiryFactory(property=house, guest_name="Gus")
        EnquiryFactory(property=house, guest_name="Held", quarantine_reason=NOT_LIVE)

        shown = page(client)

        assert "Gus" in shown
        assert "Held" not in shown

    def test_strangers_are_sent_to_log_in(self, client):
        assert reverse("account_login") in client.get(reverse("dashboard")).url

    def test_staff_without_an_owner_row_are_told_so(self, client):
        client.force_login(UserFactory(staff=True))

        assert client.get(reverse("dashboard")).status_code == 403

    def test_it_costs_the_same_with_2_and_12_rows(self, client, alice, django_assert_num_queries):
        # Session, user, owner; memberships, failing payments, cards, customer; exceptions, houses,
        # their photos; enquiries.
        for number in (2, 10):
            for _ in range(number):
                house = PropertyFactory(owner=alice, live=True)
                give_photos(house, 2)
                late = MembershipFactory(owner=alice, property=house, status="past_due")
                EpisodeFactory(membership=late)
                PaymentMethodFactory(membership=MembershipFactory(owner=alice))
                EnquiryFactory(property=house)
            with django_assert_num_queries(11):
                client.get(reverse("dashboard"))


class TestSubmit:
    def submit(self, client, house):
        return client.post(reverse("house_submit", args=[house.pk]), follow=True)

    def test_a_complete_and_paid_house_goes_to_staff(self, client, alice):
        house = PropertyFactory(owner=alice)
        give_photos(house)
        membership = MembershipFactory(owner=alice)

        shown = self.submit(client, house).content.decode()

        house.refresh_from_db()
        membership.refresh_from_db()
        assert (house.status, membership.property) == ("pending_approval", house)
        assert "is with our team for approval" in shown

    def test_an_incomplete_house_goes_back_to_the_form(self, client, alice):
        house = PropertyFactory(owner=alice, description="")
        MembershipFactory(owner=alice)

        response = self.submit(client, house)

        assert response.redirect_chain[-1][0] == reverse("house_edit", args=[house.pk])
        assert "a description, at least one photo" in response.content.decode()

    def test_an_unpaid_house_goes_to_the_plans(self, client, alice):
        house = PropertyFactory(owner=alice)
        give_photos(house)

        response = self.submit(client, house)

        assert response.redirect_chain[-1][0] == f"{reverse('plans')}?house={house.pk}"
        assert "Choose a plan for" in response.content.decode()

    def test_a_live_house_is_not_submitted(self, client, alice):
        house = PropertyFactory(owner=alice, live=True)
        give_photos(house)
        MembershipFactory(owner=alice, property=house)

        assert "this one is live." in self.submit(client, house).content.decode()

    def test_another_owners_house_does_not_exist(self, client, alice):
        house = PropertyFactory()
        MembershipFactory(owner=alice)

        assert self.submit(client, house).status_code == 404
        house.refresh_from_db()
        assert house.status == "draft"

    def test_following_a_link_changes_nothing(self, client, alice):
        house = PropertyFactory(owner=alice)

        assert client.get(reverse("house_submit", args=[house.pk])).status_code == 405
