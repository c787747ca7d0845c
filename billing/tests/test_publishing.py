import datetime
import threading

import pytest
from django.db import connection, connections

from accounts.transitions import TransitionNotAllowed
from billing import gateway, publishing
from billing.models import Customer, Membership
from billing.publishing import EntitlementMissing, ListingIncomplete
from billing.tests.factories import MembershipFactory, PlanFactory
from listings.choices import ListingStatus
from listings.models import Property
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def complete(monkeypatch):
    """Every house has all it needs; what that is, is the listing's own rule."""
    monkeypatch.setattr(Property, "missing_for_submission", lambda house: [])


def submit(house):
    publishing.submit(house, now=NOW)


class TestEntitlement:
    def test_there_is_none_without_a_membership(self):
        assert publishing.entitlement_for(PropertyFactory()) is None

    def test_the_houses_own_membership_goes_before_an_unused_one(self):
        house = PropertyFactory()
        MembershipFactory(owner=house.owner, start_date=datetime.date(2020, 1, 1))
        own = MembershipFactory(owner=house.owner, property=house)

        assert publishing.entitlement_for(house) == own

    def test_of_two_unused_ones_the_oldest_is_taken(self):
        house = PropertyFactory()
        MembershipFactory(owner=house.owner)
        oldest = MembershipFactory(owner=house.owner, start_date=datetime.date(2020, 1, 1))

        assert publishing.entitlement_for(house) == oldest

    @pytest.mark.parametrize("status", ["expired", "cancelled"])
    def test_one_that_ended_is_none(self, status):
        house = PropertyFactory()
        MembershipFactory(owner=house.owner, property=house, status=status)

        assert publishing.entitlement_for(house) is None

    def test_somebody_elses_unused_one_is_none(self):
        MembershipFactory()

        assert publishing.entitlement_for(PropertyFactory()) is None


class TestSubmit:
    def test_it_uses_up_the_membership_and_puts_the_house_before_staff(self):
        house = PropertyFactory()
        membership = MembershipFactory(owner=house.owner)

        submit(house)

        membership.refresh_from_db()
        house.refresh_from_db()
        assert (membership.property, house.status) == (house, ListingStatus.PENDING_APPROVAL)

    def test_a_second_house_cannot_use_the_same_membership(self):
        house = PropertyFactory()
        MembershipFactory(owner=house.owner)
        submit(house)
        second = PropertyFactory(owner=house.owner)

        with pytest.raises(EntitlementMissing, match="Choose a plan"):
            submit(second)
        second.refresh_from_db()
        assert second.status == ListingStatus.DRAFT

    def test_a_rejected_house_is_submitted_again_without_a_second_payment(self):
        house = PropertyFactory(rejected=True)
        MembershipFactory(owner=house.owner, property=house)

        submit(house)

        assert Membership.objects.count() == 1
        assert house.status == ListingStatus.PENDING_APPROVAL

    def test_an_incomplete_house_uses_up_nothing(self, monkeypatch):
        monkeypatch.setattr(Property, "missing_for_submission", lambda house: ["a photo"])
        house = PropertyFactory()
        membership = MembershipFactory(owner=house.owner)

        with pytest.raises(ListingIncomplete, match="a photo"):
            submit(house)
        membership.refresh_from_db()
        assert membership.property is None

    def test_a_house_that_cannot_be_submitted_uses_up_nothing(self):
        house = PropertyFactory(live=True)
        membership = MembershipFactory(owner=house.owner)

        with pytest.raises(TransitionNotAllowed):
            submit(house)
        membership.refresh_from_db()
        assert membership.property is None


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
class TestOpenPaymentPages:
    def open_page(self, house):
        return gateway.start_checkout(house.owner, PlanFactory(), house=house, **PAGES)

    def status(self, running, url):
        return running.sandbox.get("checkout.session", url.rsplit("/", 1)[1])["status"]

    def test_they_close_once_an_unused_membership_is_taken(self, stripe_api):
        house = PropertyFactory()
        MembershipFactory(owner=house.owner)
        other = PropertyFactory(owner=house.owner)
        pages = [self.open_page(each) for each in (house, other)]

        submit(house)

        assert [self.status(stripe_api, page) for page in pages] == ["expired", "open"]

    def test_with_stripe_away_the_house_is_submitted_all_the_same(self):
        house = PropertyFactory()  # the tests' Stripe address answers nothing
        Customer.objects.create(owner=house.owner, stripe_id="cus_1")
        membership = MembershipFactory(owner=house.owner)

        submit(house)

        membership.refresh_from_db()
        assert (membership.property, house.status) == (house, ListingStatus.PENDING_APPROVAL)


class TestApprove:
    def approve(self, house):
        publishing.approve(house, by="bob@example.com", now=NOW)

    def test_a_paid_house_goes_live(self):
        house = PropertyFactory(pending=True)
        MembershipFactory(owner=house.owner, property=house)

        self.approve(house)

        house.refresh_from_db()
        assert (house.status, house.approved_by) == (ListingStatus.LIVE, "bob@example.com")

    @pytest.mark.parametrize("status", ["expired", "cancelled"])
    def test_a_house_whose_membership_ended_does_not(self, status):
        house = PropertyFactory(pending=True)
        MembershipFactory(owner=house.owner, property=house, status=status)

        with pytest.raises(EntitlementMissing, match="no current membership"):
            self.approve(house)
        house.refresh_from_db()
        assert house.status == ListingStatus.PENDING_APPROVAL

    def test_a_membership_bought_while_waiting_is_used(self):
        house = PropertyFactory(pending=True)
        MembershipFactory(owner=house.owner, property=house, status="expired")
        renewed = MembershipFactory(owner=house.owner)

        self.approve(house)

        renewed.refresh_from_db()
        assert renewed.property == house


class TestReject:
    def test_it_says_why_and_leaves_the_membership_with_the_house(self):
        house = PropertyFactory(pending=True)
        membership = MembershipFactory(owner=house.owner, property=house)

        publishing.reject(house, reason="The photos are dark.", now=NOW)

        house.refresh_from_db()
        membership.refresh_from_db()
        assert house.rejection_reason == "The photos are dark."
        assert membership.property == house


@pytest.mark.django_db(transaction=True)
def test_of_two_houses_submitted_at_once_only_one_gets_the_membership():
    first = PropertyFactory()
    second = PropertyFactory(owner=first.owner)
    MembershipFactory(owner=first.owner)
    start, outcomes = threading.Barrier(2), []

    def press(house):
        try:
            start.wait()
            submit(house)
            outcomes.append("submitted")
        except EntitlementMissing:
            outcomes.append("refused")
        finally:
            connections[connection.alias].close()

    threads = [threading.Thread(target=press, args=[house]) for house in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "submitted"]
    pending = Property.objects.get(status=ListingStatus.PENDING_APPROVAL)
    assert Membership.objects.get().property == pending
