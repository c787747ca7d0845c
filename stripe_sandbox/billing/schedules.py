"""Subscription schedules: another price from the next renewal on."""

from stripe_sandbox.billing.subscriptions import (
    announce_change,
    items_of,
    swap_price_at_renewal,
)
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.shapes.schedules import PHASE, phase_item


def create_from(sandbox: Sandbox, subscription: dict, **fields) -> dict:
    """A schedule whose only phase is what the subscription is now, until its period ends."""
    require_none(subscription)
    phase = current_phase_of(subscription)
    schedule = sandbox.create(
        "subscription_schedule",
        "sub_sched",
        current_phase={name: phase[name] for name in ("end_date", "start_date")},
        customer=subscription["customer"],
        phases=[phase],
        subscription=subscription["id"],
        **fields,
    )
    sandbox.record("subscription_schedule.created", schedule)
    before = present(subscription)
    subscription.update(schedule=schedule["id"], _phase_end=phase["end_date"])
    announce_change(sandbox, subscription, before)
    return schedule


def require_none(subscription: dict) -> None:
    if subscription["schedule"]:
        message = (
            "You cannot migrate a subscription that is already attached to a schedule: "
            f"`{subscription['schedule']}`."
        )
        raise ParameterInvalid("from_subscription", message)


def current_phase_of(subscription: dict) -> dict:
    items = items_of(subscription)
    return PHASE | {
        "currency": subscription["currency"],
        "default_tax_rates": list(subscription["default_tax_rates"]),
        "discounts": [],
        "end_date": min(item["current_period_end"] for item in items),
        "items": phase_items([(item["price"], item["quantity"]) for item in items]),
        "metadata": {},
        "start_date": max(item["current_period_start"] for item in items),
    }


def phase_items(lines: list[tuple[dict, int]]) -> list[dict]:
    return [phase_item(price["id"], price["id"], quantity) for price, quantity in lines]


def set_phases(sandbox: Sandbox, schedule: dict, phases: list[dict], **fields) -> dict:
    """`phases` begin with the current one; those that are over stay before it."""
    before = present(schedule)
    current = current_index(schedule)
    schedule["phases"] = schedule["phases"][:current] + phases
    schedule["current_phase"]["end_date"] = phases[0]["end_date"]
    schedule.update(fields)
    subscription = sandbox.get("subscription", schedule["subscription"])
    subscription["_phase_end"] = phases[0]["end_date"]
    sandbox.save(subscription)
    return announce(sandbox, schedule, before)


def current_index(schedule: dict) -> int:
    starts = [phase["start_date"] for phase in schedule["phases"]]
    return starts.index(schedule["current_phase"]["start_date"])


def announce(sandbox: Sandbox, schedule: dict, before: dict) -> dict:
    sandbox.record("subscription_schedule.updated", sandbox.save(schedule), before)
    return schedule


def phase_due_at(subscription: dict) -> int | None:
    return subscription.get("_phase_end") if subscription["schedule"] else None


def step(sandbox: Sandbox, subscription: dict) -> None:
    """Go on to the next phase if the current one is over; the caller announces the subscription."""
    end = phase_due_at(subscription)
    if end is None or end > sandbox.now():
        return
    schedule = sandbox.get("subscription_schedule", subscription["schedule"])
    following = schedule["phases"][current_index(schedule) + 1 :]
    if following:
        enter(sandbox, subscription, following[0])
        before = present(schedule)
        kept = {name: following[0][name] for name in ("end_date", "start_date")}
        schedule["current_phase"] = kept
        announce(sandbox, schedule, before)
    else:
        close(sandbox, subscription, "released")


def enter(sandbox: Sandbox, subscription: dict, phase: dict) -> None:
    """Make the subscription what `phase` says."""
    for item, wished in zip(items_of(subscription), phase["items"], strict=True):
        price = sandbox.get("price", wished["price"])
        swap_price_at_renewal(subscription, item, price)
        item["quantity"] = wished["quantity"]
    # Also when a phase names none: then the subscription has none.
    subscription["default_tax_rates"] = list(phase["default_tax_rates"])
    subscription["metadata"] = merged(subscription["metadata"], phase["metadata"])
    subscription["_phase_end"] = phase["end_date"]


def merged(metadata: dict, more: dict) -> dict:
    """`more` adds and replaces; an empty value takes a key away."""
    return {key: value for key, value in (metadata | more).items() if value != ""}


def next_phase(sandbox: Sandbox, subscription: dict, moment: int) -> dict | None:
    """The phase that begins at `moment`, if there is one."""
    schedule = sandbox.find(subscription["schedule"])
    phases = schedule["phases"] if schedule else []
    return next((phase for phase in phases if phase["start_date"] == moment), None)


def close(sandbox: Sandbox, subscription: dict, status: str) -> dict:
    """Release or cancel the schedule; the caller announces the subscription."""
    schedule = sandbox.get("subscription_schedule", subscription["schedule"])
    schedule.update(status=status, current_phase=None, subscription=None)
    if status == "released":
        schedule.update(released_at=sandbox.now(), released_subscription=subscription["id"])
    else:
        schedule["canceled_at"] = sandbox.now()
    subscription.update(schedule=None, _phase_end=None)
    sandbox.record(f"subscription_schedule.{status}", sandbox.save(schedule))
    return schedule


def follow_items(sandbox: Sandbox, subscription: dict) -> None:
    """After a change of the subscription itself: the current phase says what it now is."""
    schedule = sandbox.find(subscription["schedule"])
    if schedule is None:
        return
    before = present(schedule)
    phase = schedule["phases"][current_index(schedule)]
    now = current_phase_of(subscription)
    phase.update(items=now["items"], default_tax_rates=now["default_tax_rates"])
    if present(schedule) != before:
        announce(sandbox, schedule, before)
