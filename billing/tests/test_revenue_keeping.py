"""The rows of recurring revenue: the same in whatever order things come in."""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.london import moment_of_timestamp, next_month
from accounts.tests.factories import OwnerFactory
from billing import revenue
from billing.models import IncomingEvent
from billing.models.revenue import RevenueChange, RevenueSpan, SubscriptionMoment
from billing.revenue import figures
from billing.revenue.keeping import content
from billing.revenue.rebuild import Progress, check, rebuild
from billing.tests.deliveries import deliver
from billing.tests.factories import MembershipFactory
from billing.tests.revenue_histories import BEGAN, day, discount, event, price, subscription
from billing.tests.stripe_objects import at

NOW = datetime(2027, 12, 31, 12, tzinfo=UTC)


def remember(number, moment, **fields):
    """Take in an event of a day, as Stripe sends it."""
    moment = at(moment) if isinstance(moment, str) else moment
    revenue.remember(event(number, moment, subscription(**fields)))


def look(moment, **fields):
    revenue.follow(subscription(**fields), now=moment_of_timestamp(at(moment)))


def bring(*names):
    with transaction.atomic():
        return revenue.bring_into_line(names or ["sub_1"], now=NOW)


def rows():
    return [{content(row) for row in model.objects.all()} for model in (RevenueSpan, RevenueChange)]


def moved():
    changes = RevenueChange.objects.values_list("account", "day", "kind", "amount_pence")
    return [(account, str(on), kind, amount) for account, on, kind, amount in changes]


def assert_a_rebuild_changes_nothing():
    progress = Progress()
    check(progress, now=NOW)
    assert progress.listed == []


# --- Any history, in any order --------------------------------------------------------------------

HOURS = st.integers(1, 400 * 24)
OFF = st.integers(1, 100).map(lambda percent: [discount(percent_off=percent)])
ACTS = st.one_of(
    st.builds(lambda many: {"quantity": many}, st.integers(0, 3)),
    st.builds(lambda pence: {"price": price(pence)}, st.sampled_from([1000, 2000, 4000])),
    st.builds(lambda status: {"status": status}, st.sampled_from(["active", "past_due", "unpaid"])),
    st.builds(lambda given: {"discounts": given}, OFF | st.just([])),
    st.builds(
        lambda hours: {"pause_collection": hours and {"resumes_at": at(BEGAN) + hours * 3600}},
        st.none() | HOURS,
    ),
    st.builds(lambda hours: {"cancel_at": hours and at(BEGAN) + hours * 3600}, st.none() | HOURS),
)
HISTORY = st.dictionaries(HOURS, ACTS, max_size=5)


@st.composite
def histories(draw):
    """What each of two subscriptions was from each moment on: (its id, Unix second, whole)."""
    found = []
    for name in ("sub_1", "sub_2"):
        fields = {"id": name}
        acts = draw(HISTORY)
        for hours in (0, *sorted(acts)):
            fields |= acts.get(hours, {})
            found.append((name, at(BEGAN) + hours * 3600, subscription(**deepcopy(fields))))
        if draw(st.booleans()):
            ended_at = found[-1][1] + 3600
            gone = {**found[-1][2], "status": "canceled", "ended_at": ended_at}
            found.append((name, ended_at, gone))
    return found


@st.composite
def deliveries(draw, history):
    """The events of a history as they come in: late, shuffled, twice, and with looks in between."""
    late = st.integers(0, 500 * 24 * 3600)
    arrivals = []
    for number, (_, moment, whole) in enumerate(history):
        for delay in draw(st.lists(late, min_size=1, max_size=2)):
            arrivals.append((moment + delay, "event", (number, moment, whole)))
    for after in draw(st.lists(late, max_size=4)):
        arrivals.append((at(BEGAN) + after, "look", draw(st.sampled_from(["sub_1", "sub_2"]))))
    return sorted(arrivals, key=lambda arrival: arrival[0])


def take_in(arrivals, history):
    for moment, kind, subject in arrivals:
        if kind == "event":
            number, created, whole = subject
            told = event(number, created, whole)
            told["data"]["object"] = whole  # discounts in full, as the older API tells them
            revenue.remember(told)
        else:
            said = [whole for name, since, whole in history if name == subject and since <= moment]
            revenue.follow(said[-1], now=moment_of_timestamp(moment))


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.data())
def test_any_history_gives_the_same_rows_in_whatever_order_it_comes_in(data):
    history = data.draw(histories())
    in_order = [
        (moment, "event", (n, moment, whole)) for n, (_, moment, whole) in enumerate(history)
    ]
    with transaction.atomic():
        owner = OwnerFactory()
        for name in ("sub_1", "sub_2"):
            MembershipFactory(owner=owner, stripe_subscription_id=name)

        found = []
        for arrivals in (in_order, data.draw(deliveries(history))):
            SubscriptionMoment.objects.all().delete()
            take_in(arrivals, history)
            bring("sub_1", "sub_2")
            found.append(rows())

        assert found[0] == found[1]
        assert_a_rebuild_changes_nothing()
        month = day("2025-12-01")
        while month < day("2027-12-01"):
            worth = figures.total(figures.paying(next_month(month) - timedelta(days=1)))
            assert figures.movements(month, next_month(month))["closing"] == worth
            month = next_month(month)
        transaction.set_rollback(True)


# --- Whose it is ----------------------------------------------------------------------------------


@pytest.fixture
def alice(db):
    return OwnerFactory()


def test_an_owner_known_later_gets_what_was_the_customers(alice):
    remember(1, BEGAN)
    bring()
    assert moved() == [("cus_1", BEGAN, "new", 24_000)]

    MembershipFactory(owner=alice, stripe_subscription_id="sub_1")
    bring()

    assert moved() == [(f"owner {alice.pk}", BEGAN, "new", 24_000)]
    assert RevenueChange.objects.get().owner == alice
    assert_a_rebuild_changes_nothing()


def test_another_owner_takes_over_and_the_first_keeps_the_rest(alice):
    bob = OwnerFactory()
    given_over = MembershipFactory(owner=alice, stripe_subscription_id="sub_1")
    MembershipFactory(owner=alice, stripe_subscription_id="sub_2")
    remember(1, BEGAN)
    remember(2, "2026-02-10", id="sub_2", start_date=at("2026-02-10"))
    bring("sub_1", "sub_2")

    given_over.owner = bob
    given_over.save()
    bring("sub_1")

    assert moved() == [
        (f"owner {bob.pk}", BEGAN, "new", 24_000),
        (f"owner {alice.pk}", "2026-02-10", "new", 24_000),
    ]
    assert_a_rebuild_changes_nothing()


def test_what_an_erased_owner_paid_stays_in_the_figures(alice):
    for number, name in enumerate(("sub_1", "sub_2")):
        MembershipFactory(owner=alice, stripe_subscription_id=name)
        remember(number, "2026-02-10", id=name, start_date=at("2026-02-10"))
    bring("sub_1", "sub_2")

    alice.user.delete()

    assert moved() == [("cus_1", "2026-02-10", "new", 48_000)]
    assert not RevenueSpan.objects.exclude(owner=None).exists()
    assert_a_rebuild_changes_nothing()


def test_subscriptions_without_a_customer_are_not_taken_for_one_member(db):
    for number, name in enumerate(("sub_1", "sub_2")):
        remember(number, BEGAN, id=name, customer=None)
    bring("sub_1", "sub_2")

    assert [kind for _, _, kind, _ in moved()] == ["new", "new"]


# --- Looks ----------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestLooks:
    def test_a_look_that_finds_what_was_said_is_not_kept(self):
        remember(1, BEGAN)

        look("2026-03-10")

        assert SubscriptionMoment.objects.count() == 1

    def test_a_look_dates_what_no_event_told_until_that_event_comes(self):
        remember(1, BEGAN)
        look("2026-03-12", pence=4000)
        assert moved()[1][1:3] == ("2026-03-12", "expansion")

        remember(2, "2026-03-10", pence=4000)
        look("2026-03-20", pence=4000)

        assert moved()[1][1:3] == ("2026-03-10", "expansion")

    def test_a_pause_that_got_an_end_is_kept(self):
        remember(1, BEGAN, pause_collection={"behavior": "void", "resumes_at": None})

        look("2026-03-12", pause_collection={"behavior": "void", "resumes_at": at("2026-05-01")})

        assert RevenueSpan.objects.get(ends_on=None).turns_on == day("2026-05-01")

    def test_the_same_event_again_is_one_moment(self):
        for _ in range(2):
            remember(1, BEGAN)

        assert SubscriptionMoment.objects.count() == 1

    def test_what_cannot_be_read_changes_nothing(self):
        remember(1, BEGAN)
        bring()
        before = rows()

        look("2026-03-12", status="hibernating")

        assert rows() == before


def queries_of_a_look(subscription_id, many):
    for number in range(many):
        moment = at(BEGAN) + number * 24 * 3600
        remember(f"{subscription_id}_{number}", moment, id=subscription_id, quantity=number + 1)
    bring(subscription_id)
    whole = subscription(id=subscription_id, quantity=many + 1)
    with CaptureQueriesContext(connection) as queries:
        revenue.follow(whole, now=NOW)
    return len(queries)


@pytest.mark.django_db
def test_a_look_costs_the_same_after_2_and_12_moments():
    for name in ("sub_1", "sub_2"):
        MembershipFactory(stripe_subscription_id=name)

    assert queries_of_a_look("sub_1", 2) == queries_of_a_look("sub_2", 12)


# --- Two at once ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_subscriptions_of_one_owner_followed_at_once_add_up():
    owner = OwnerFactory()
    for name in ("sub_1", "sub_2"):
        MembershipFactory(owner=owner, stripe_subscription_id=name)

    def follow(name):
        try:
            for number in range(1, 6):
                moment = at(BEGAN) + number * 24 * 3600
                whole = subscription(id=name, quantity=number)
                revenue.follow(whole, now=moment_of_timestamp(moment))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(follow, ("sub_1", "sub_2")))

    assert figures.running_rate(day("2026-12-31")) == 2 * 5 * 24_000
    assert_a_rebuild_changes_nothing()


# --- Odd events -----------------------------------------------------------------------------------

ODD = {
    "no items": {"items": None},
    "a NUL": {"status": "acti\x00ve"},
    "a huge amount": {"pence": 10**30},
    "a huge quantity": {"quantity": 10**18},
    "a list for a status": {"status": ["active"]},
    "a number for the items": {"items": 7},
    "half a coupon": {"discounts": [discount(percent_off="half")]},
    "a price without an interval": {"price": {"id": "price_1", "unit_amount": 5}},
    "a pause that ends in words": {"pause_collection": {"resumes_at": "soon"}},
    "no status": {"status": None},
    "no id": {"id": None},
    "a huge amount times a text": {"price": price(10**13), "quantity": "x"},
    "a price named by a list": {"price": price(id=["price_1"])},
    "a status of the future": {"status": "hibernating"},
    "a pause beyond all calendars": {"pause_collection": {"resumes_at": 10**15}},
    "a coupon of words that starts later": {
        "discounts": [discount(start="2027-01-01", amount_off="some")]
    },
    "a long currency": {"currency": "pounds"},
    "a currency that grows in lower case": {"currency": "İII"},
}

# Kept by one database and refused by the other, or odd where nothing follows from it.
HARMLESS = {
    "a NUL in the id": {"id": "sub_\x00"},
    "a NUL in a price": {"price": price(lookup_key="\x00")},
    "a time beyond all calendars": {"start_date": 10**15},
    "a text for a discount": {"discounts": [{"id": None, "coupon": "SUMMER"}]},
    "a long id": {"id": "sub_" + "x" * 400},
    "a list for a lookup key": {"price": price(lookup_key=["x"])},
    "a text for metadata": {"price": price(metadata="x")},
    "a list for a tier": {"price": price(tier="gold", metadata={"tier": ["gold"]})},
    "a long tier": {"price": price(metadata={"tier": "x" * 300})},
}


@pytest.mark.django_db
@pytest.mark.parametrize("fields", ODD.values(), ids=ODD)
def test_an_odd_subscription_is_left_out(fields):
    revenue.remember(event_of_odd(fields))

    assert not SubscriptionMoment.objects.exists()
    assert rebuilt_spans() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("fields", HARMLESS.values(), ids=HARMLESS)
def test_what_is_odd_without_a_consequence_does_no_harm(fields):
    revenue.remember(event_of_odd(fields))

    assert rebuilt_spans() <= 1


@pytest.mark.django_db
def test_the_webhook_of_an_odd_subscription_is_still_taken_in(client):
    answer = deliver(client, json.dumps(event_of_odd(ODD["a number for the items"])).encode())

    assert (answer.status_code, IncomingEvent.objects.count()) == (200, 1)


@pytest.mark.django_db
def test_a_subscription_without_an_id_is_refused(client):
    answer = deliver(client, json.dumps(event_of_odd({"id": None})).encode())

    assert (answer.status_code, IncomingEvent.objects.count()) == (400, 0)


@pytest.mark.django_db
def test_one_that_cannot_be_derived_holds_up_no_other():
    remember(1, "2026-01-10", id="sub_bad")
    remember(2, "2026-01-10", id="sub_good", customer="cus_2")
    SubscriptionMoment.objects.filter(stripe_subscription_id="sub_bad").update(said={"id": 7})
    progress, checked = Progress(), Progress()

    rebuild(progress, now=NOW)
    check(checked, now=NOW)

    assert progress.failed == checked.failed == ["sub_bad"]
    assert RevenueSpan.objects.get().stripe_subscription_id == "sub_good"


@pytest.mark.django_db
def test_a_fault_in_the_revenue_does_not_take_the_membership_with_it():
    remember(1, "2026-01-10")
    SubscriptionMoment.objects.update(said={"id": 7})

    look("2026-02-01")

    assert not RevenueSpan.objects.exists()


def event_of_odd(fields):
    told = event(1, at(BEGAN), subscription(discounts=[]))
    told["data"]["object"] = subscription(**fields)
    return {**told, "livemode": False, "api_version": "2026-08-26.dahlia", "request": None}


def rebuilt_spans():
    rebuild(Progress(), now=NOW)
    assert_a_rebuild_changes_nothing()
    return RevenueSpan.objects.count()
