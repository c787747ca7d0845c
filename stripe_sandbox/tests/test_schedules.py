"""A downgrade at the next renewal, by a subscription schedule."""

import pytest
import stripe

from stripe_sandbox.tests.conftest import START, at


@pytest.fixture
def bronze(shop):
    return shop.price(3000, "month")


@pytest.fixture
def plan(client):
    """Schedule another price for the next renewal, as the product does it."""

    def plan(subscription, price, **phase):
        schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
        now = schedule.phases[0]
        item = now["items"][0]
        rates = [rate.id for rate in now.default_tax_rates]
        phases = [
            {
                "items": [{"price": item.price, "quantity": 1}],
                "default_tax_rates": rates,
                "start_date": now.start_date,
                "end_date": now.end_date,
            },
            {
                "items": [{"price": price.id, "quantity": 1}],
                "default_tax_rates": rates,
                **phase,
            },
        ]
        return client.v1.subscription_schedules.update(
            schedule.id, {"phases": phases, "end_behavior": "release"}
        )

    return plan


def test_schedule_begins_with_what_is(client, shop):
    subscription = shop.subscribe()

    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})

    assert (schedule.status, schedule.subscription) == ("active", subscription.id)
    assert schedule.current_phase.end_date == at(2025, 2, 1)
    assert schedule.phases[0]["items"][0].price == shop.monthly.id
    assert shop.subscription(subscription.id).schedule == schedule.id


def test_price_changes_at_renewal_and_the_schedule_is_released(client, shop, control, plan, bronze):
    subscription = shop.subscribe()
    schedule = plan(subscription, bronze)
    assert shop.subscription(subscription.id)["items"].data[0].price.id == shop.monthly.id

    control.advance_to(at(2025, 2, 2))

    assert shop.subscription(subscription.id)["items"].data[0].price.id == bronze.id
    assert [line.amount for line in shop.invoices(subscription)[0].lines.data] == [3000]
    control.advance_to(at(2025, 3, 2))
    found = client.v1.subscription_schedules.retrieve(schedule.id)
    assert (found.status, found.released_at) == ("released", at(2025, 3, 1))
    assert found.released_subscription == subscription.id
    assert shop.subscription(subscription.id).schedule is None
    assert len(shop.invoices(subscription)) == 3


def test_events_in_order(shop, control, plan, bronze, receiver):
    subscription = shop.subscribe()
    plan(subscription, bronze)
    control.wait()
    assert receiver.types[-3:] == [
        "subscription_schedule.created",
        "customer.subscription.updated",
        "subscription_schedule.updated",
    ]
    receiver.events.clear()

    control.advance_to(at(2025, 3, 2), wait=True)

    ours = [kind for kind in receiver.types if "subscription" in kind]
    assert ours == [
        "subscription_schedule.updated",
        "customer.subscription.updated",
        "subscription_schedule.released",
        "customer.subscription.updated",
    ]


def test_yearly_to_monthly_at_renewal(shop, control, plan):
    subscription = shop.subscribe(shop.yearly)
    plan(subscription, shop.monthly, duration={"interval": "month", "interval_count": 1})

    control.advance_to(at(2026, 1, 2))

    found = shop.subscription(subscription.id)
    item = found["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (at(2026, 1, 1), at(2026, 2, 1))
    assert found.billing_cycle_anchor == at(2026, 1, 1)
    assert shop.invoices(subscription)[0].total == 6000


def test_phase_brings_its_tax_rates_and_metadata(shop, control, plan, bronze):
    subscription = shop.subscribe()
    plan(subscription, bronze, default_tax_rates="", metadata={"plan": "bronze", "member": ""})

    control.advance_to(at(2025, 2, 2))

    assert shop.invoices(subscription)[0].total == 3000
    assert shop.subscription(subscription.id).metadata.to_dict() == {"plan": "bronze"}


def test_current_phase_must_name_its_tax_rates(client, shop):
    schedule = client.v1.subscription_schedules.create({"from_subscription": shop.subscribe().id})
    now = schedule.phases[0]
    phase = {"items": [{"price": shop.monthly.id}], "start_date": now.start_date}

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscription_schedules.update(schedule.id, {"phases": [phase]})

    assert caught.value.param == "phases[0][default_tax_rates]"


def test_preview_knows_of_it(client, shop, plan, bronze):
    subscription = shop.subscribe()
    plan(subscription, bronze)

    shown = client.v1.invoices.create_preview({"subscription": subscription.id})

    assert (shown.total, shown.created) == (3600, at(2025, 2, 1))


def test_released_by_hand_nothing_changes(client, shop, control, plan, bronze):
    subscription = shop.subscribe()
    schedule = plan(subscription, bronze)

    released = client.v1.subscription_schedules.release(schedule.id)
    control.advance_to(at(2025, 2, 2))

    assert (released.status, released.released_at) == ("released", START)
    assert shop.invoices(subscription)[0].total == 6000


def test_cancelling_the_schedule_ends_the_subscription(client, shop, plan, bronze):
    subscription = shop.subscribe()

    canceled = client.v1.subscription_schedules.cancel(plan(subscription, bronze).id)

    assert canceled.status == "canceled"
    assert shop.subscription(subscription.id).status == "canceled"


def test_cancelling_goes_through_the_schedule(client, shop, plan, bronze):
    subscription = shop.subscribe()
    plan(subscription, bronze)

    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})


def test_only_one_schedule_at_a_time(client, shop, plan, bronze):
    subscription = shop.subscribe()
    plan(subscription, bronze)

    with pytest.raises(stripe.InvalidRequestError, match="already attached to a schedule"):
        client.v1.subscription_schedules.create({"from_subscription": subscription.id})


def test_first_phase_needs_its_start(client, shop):
    schedule = client.v1.subscription_schedules.create({"from_subscription": shop.subscribe().id})
    phase = {"items": [{"price": shop.monthly.id}]}

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscription_schedules.update(schedule.id, {"phases": [phase]})

    assert caught.value.param == "phases[0][start_date]"


def test_new_period_needs_the_schedule_to_be_released(client, shop, plan, bronze):
    subscription = shop.subscribe()
    plan(subscription, bronze)

    with pytest.raises(stripe.InvalidRequestError, match="released first"):
        client.v1.subscriptions.update(subscription.id, {"billing_cycle_anchor": "now"})
    assert shop.subscription(subscription.id).billing_cycle_anchor == START
