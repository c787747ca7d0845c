"""Parked subscriptions: staff see them, and have Stripe looked at again."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts.admin_columns import admin_url
from accounts.tests.factories import OwnerFactory, UserFactory
from billing import gateway
from billing.gateway import StripeUnavailable
from billing.models import Customer, Membership, SubscriptionProblem
from billing.tests.factories import SubscriptionProblemFactory, TierFactory
from billing.tests.stripe_objects import make_subscription

pytestmark = pytest.mark.django_db

LIST = "admin:billing_subscriptionproblem_changelist"


@pytest.fixture
def bob():
    """Staff who may do everything."""
    return UserFactory(staff=True)


@pytest.fixture
def desk(client, bob):
    client.force_login(bob)
    return client


@pytest.fixture
def at_stripe(monkeypatch):
    """What Stripe holds now, by subscription id; each asked-for id is noted in `asked`."""
    TierFactory(code="silver")
    Customer.objects.create(owner=OwnerFactory(), stripe_id="cus_1")
    held = {"asked": []}

    def fetch_subscription(subscription_id):
        held["asked"].append(subscription_id)
        found = held.get(subscription_id)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(gateway, "fetch_subscription", fetch_subscription)
    monkeypatch.setattr(gateway, "fetch_invoices", lambda subscription_id: [])
    return held


def parked(**fields):
    return SubscriptionProblemFactory(**{"stripe_subscription_id": "sub_1", **fields})


def look_again(client, problem, **data):
    url = reverse("admin:billing_subscriptionproblem_look_again", args=[problem.pk])
    return client.post(url, data)


def tick(client, *problems):
    chosen = {"action": "look_again", "_selected_action": [problem.pk for problem in problems]}
    return client.post(reverse(LIST), chosen)


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


class TestList:
    def test_open_ones_come_first_and_the_longest_wait_before_others(self, desk):
        now = timezone.now()
        earlier = now - datetime.timedelta(days=2)
        resolved = SubscriptionProblemFactory(first_seen_at=earlier, resolved_at=now)
        new, old = SubscriptionProblemFactory(), SubscriptionProblemFactory(first_seen_at=earlier)

        listed = desk.get(reverse(LIST)).context["cl"].result_list

        assert list(listed) == [old, new, resolved]

    def test_it_names_the_owner_of_the_stripe_customer(self, desk):
        owner = OwnerFactory(user__first_name="Alice", user__last_name="Archer")
        Customer.objects.create(owner=owner, stripe_id="cus_7")
        parked(stripe_customer_id="cus_7")

        page = desk.get(reverse(LIST)).content.decode()

        assert f'href="{admin_url(owner)}" dir="auto">Alice Archer</a>' in page

    def test_an_owner_without_a_name_is_named_by_e_mail(self):
        user = UserFactory(first_name="", last_name="", email="alice@example.com")
        Customer.objects.create(owner=OwnerFactory(user=user), stripe_id="cus_7")
        parked(stripe_customer_id="cus_7")

        assert SubscriptionProblem.objects.with_owner().get().owner_name == "alice@example.com"

    @pytest.mark.parametrize("words", ["sub_1", "cus_7", "hibernating", "archer"])
    def test_it_is_searched_by_id_message_and_owner(self, desk, words):
        owner = OwnerFactory(user__first_name="Alice", user__last_name="Archer")
        Customer.objects.create(owner=owner, stripe_id="cus_7")
        problem = parked(stripe_customer_id="cus_7", reason="It is “hibernating”.")
        SubscriptionProblemFactory()

        listed = desk.get(reverse(LIST), {"q": words}).context["cl"].result_list

        assert list(listed) == [problem]

    @pytest.mark.parametrize(("state", "number"), [("open", 1), ("resolved", 2)])
    def test_it_is_filtered_by_state(self, desk, state, number):
        SubscriptionProblemFactory()
        SubscriptionProblemFactory.create_batch(2, resolved_at=timezone.now())

        listed = desk.get(reverse(LIST), {"state": state}).context["cl"].result_count

        assert listed == number


class TestLookingAgain:
    def test_one_that_can_be_read_now_becomes_a_membership(self, desk, at_stripe):
        at_stripe["sub_1"] = make_subscription()
        problem = parked()

        answer = look_again(desk, problem)

        problem.refresh_from_db()
        assert problem.resolved_at is not None
        assert Membership.objects.get().stripe_subscription_id == "sub_1"
        assert said(answer) == ["sub_1 can be read again."]

    def test_one_that_still_cannot_be_read_says_why(self, desk, at_stripe):
        at_stripe["sub_1"] = make_subscription(status="hibernating")
        problem = parked()

        answer = look_again(desk, problem)

        problem.refresh_from_db()
        assert (problem.resolved_at, problem.attempts) == (None, 2)
        assert said(answer) == [
            "sub_1 still cannot be read: "
            "Stripe says the subscription is “hibernating”, which has no rule here. What we had "
            "stays. Tell whoever looks after the software; then look again."
        ]

    def test_one_that_stripe_no_longer_has_is_settled(self, desk, at_stripe):
        problem = parked()

        answer = look_again(desk, problem)

        assert not SubscriptionProblem.objects.open().exists()
        assert said(answer) == ["sub_1 was never paid, or Stripe no longer has it: settled."]

    def test_without_an_answer_from_stripe_nothing_changes_and_nobody_waits_again(
        self, desk, at_stripe
    ):
        at_stripe["sub_1"] = StripeUnavailable("for the owner")
        problems = [parked(), parked(stripe_subscription_id="sub_2")]
        before = list(SubscriptionProblem.objects.values())

        answer = tick(desk, *problems)

        assert list(SubscriptionProblem.objects.values()) == before
        assert at_stripe["asked"] == ["sub_1"]
        assert said(answer) == [
            "Stripe gave no answer about sub_1: nothing changed. 1 more was not looked at. "
            "Please try again in a few minutes."
        ]

    def test_all_that_are_ticked_are_looked_at(self, desk, at_stripe):
        at_stripe["sub_1"] = make_subscription()
        at_stripe["sub_2"] = make_subscription(id="sub_2", status="hibernating")
        problems = [parked(), parked(stripe_subscription_id="sub_2")]

        answer = tick(desk, *problems)

        assert SubscriptionProblem.objects.open().get() == problems[1]
        assert len(said(answer)) == 2

    def test_it_leads_back_to_where_it_was_asked_for(self, desk, at_stripe):
        problem = parked()

        urls = [look_again(desk, problem, next=url).url for url in ("/admin/", "//evil.example")]

        assert urls == ["/admin/", admin_url(problem)]

    def test_the_button_stands_on_the_page_of_an_open_one_alone(self, desk):
        problems = [parked(), SubscriptionProblemFactory(resolved_at=timezone.now())]

        pages = [desk.get(admin_url(problem)).content.decode() for problem in problems]

        assert ["Look again</button>" in page for page in pages] == [True, False]

    def test_one_that_does_not_exist_is_not_found(self, desk, at_stripe):
        url = "/admin/billing/subscriptionproblem/{}/look-again/"

        assert {desk.post(url.format(key)).status_code for key in ("0", "junk", "9" * 40)} == {404}


class TestTheRightToLookAgain:
    @pytest.fixture
    def dora(self, client):
        """Staff who may look at the list, and no more."""
        dora = UserFactory(is_staff=True)
        dora.user_permissions.add(Permission.objects.get(codename="view_subscriptionproblem"))
        client.force_login(dora)
        return dora

    def test_staff_who_only_look_are_refused(self, client, dora, at_stripe):
        problem = parked()

        answer = look_again(client, problem)
        tick(client, problem)

        assert answer.status_code == 403
        assert at_stripe["asked"] == []

    def test_staff_who_only_look_are_not_offered_it(self, client, dora):
        problem = parked()

        pages = [client.get(url).content.decode() for url in (reverse(LIST), admin_url(problem))]

        assert not [page for page in pages if "Look again" in page]

    def test_staff_with_the_permission_may(self, client, dora, at_stripe):
        dora.user_permissions.add(Permission.objects.get(codename="change_subscriptionproblem"))
        client.force_login(dora)

        look_again(client, parked())

        assert at_stripe["asked"] == ["sub_1"]

    def test_an_owner_may_not(self, client, at_stripe):
        client.force_login(OwnerFactory().user)

        look_again(client, parked())

        assert at_stripe["asked"] == []

    def test_following_a_link_asks_nothing(self, desk, at_stripe):
        url = reverse("admin:billing_subscriptionproblem_look_again", args=[parked().pk])

        assert desk.get(url).status_code == 405
        assert at_stripe["asked"] == []
