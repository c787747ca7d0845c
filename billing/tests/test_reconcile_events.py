"""Events that were lost on their way are learnt of from Stripe's list, and date what moved."""

import datetime

import pytest

from accounts.london import moment_of_timestamp
from billing import gateway, revenue
from billing.models.revenue import RevenueChange, SubscriptionMoment
from billing.reconcile import past_events
from billing.tests.revenue_histories import event, subscription
from billing.tests.stripe_objects import at

NOW = datetime.datetime(2026, 3, 20, 3, tzinfo=datetime.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def listed(monkeypatch):
    """What Stripe lists; the first event came in, and a look dated the change late."""
    began = event(1, at("2026-02-25"), subscription(), "created")
    changed = event(2, at("2026-03-10"), subscription(pence=4000))
    revenue.remember(began)
    noticed_at = moment_of_timestamp(at("2026-03-19"))
    revenue.follow(subscription(pence=4000), now=noticed_at)
    events = [changed, began]
    asked = []

    def list_all(kind, *, since):
        asked.append((kind, since))
        return iter(events)

    monkeypatch.setattr(gateway, "list_all", list_all)
    return events, asked


def catch_up(*, repair=True, watch=lambda: None):
    return past_events.catch_up(now=NOW, repair=repair, watch=watch)


def day_of_expansion():
    return str(RevenueChange.objects.get(kind="expansion").day)


def test_a_lost_event_dates_the_movement_rightly(listed):
    assert day_of_expansion() == "2026-03-19"

    assert catch_up() == 1

    assert day_of_expansion() == "2026-03-10"
    assert catch_up() == 0


def test_thirty_days_are_asked_for(listed):
    catch_up()

    assert listed[1] == [("events", NOW - datetime.timedelta(days=30))]


def test_a_dry_run_counts_and_writes_nothing(listed):
    before = SubscriptionMoment.objects.count()

    assert catch_up(repair=False) == 1

    assert (SubscriptionMoment.objects.count(), day_of_expansion()) == (before, "2026-03-19")


def test_what_cannot_be_read_is_left_out_each_time(listed):
    listed[0][:] = [event(3, at("2026-03-12"), subscription(status="hibernating"))]

    assert (catch_up(), catch_up()) == (0, 0)


def test_each_page_is_kept_though_a_later_one_is_not_reached(listed, monkeypatch):
    monkeypatch.setattr(past_events, "PAGE", 1)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catch_up(watch=stop)

    assert day_of_expansion() == "2026-03-10"
