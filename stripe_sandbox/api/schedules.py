"""Subscription schedules, as far as a change at the next renewal needs them."""

from stripe_sandbox.api.checkout import read_line, read_tax_rates
from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    read_choice,
    read_hash,
    read_int,
    read_list,
    require,
)
from stripe_sandbox.api.subscriptions import get_running
from stripe_sandbox.billing import endings, schedules
from stripe_sandbox.billing.subscriptions import announce_change, period_end
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.periods import add_interval
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.shapes.schedules import PHASE

PHASE_PARAMS = (
    "default_tax_rates",
    "duration",
    "end_date",
    "items",
    "metadata",
    "proration_behavior",
    "start_date",
)
BEHAVIORS = ("create_prorations", "always_invoice", "none")


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, "from_subscription")
    name = require(params, "from_subscription")
    if merge_metadata({}, params):
        message = "metadata cannot be set with from_subscription; update the schedule instead."
        raise ParameterInvalid("metadata", message)
    return present(schedules.create_from(sandbox, get_running(sandbox, name)))


def retrieve(sandbox: Sandbox, params: dict, schedule: str) -> dict:
    return present(sandbox.get("subscription_schedule", schedule))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    url = "/v1/subscription_schedules"
    return list_objects(
        sandbox, "subscription_schedule", params, url, customer=params.get("customer")
    )


def update(sandbox: Sandbox, params: dict, schedule: str) -> dict:
    allow(params, "end_behavior", "phases", "proration_behavior")
    obj = get_active(sandbox, schedule, "update")
    read_choice(params, "end_behavior", ("release",))
    read_choice(params, "proration_behavior", BEHAVIORS)
    fields = {"metadata": merge_metadata(obj["metadata"], params)}
    phases = obj["phases"][schedules.current_index(obj) :]
    if "phases" in params:
        phases = read_phases(sandbox, obj, params)
    return present(schedules.set_phases(sandbox, obj, phases, **fields))


def get_active(sandbox: Sandbox, name: str, verb: str) -> dict:
    obj = sandbox.get("subscription_schedule", name)
    if obj["status"] != "active":
        message = (
            f"You cannot {verb} a subscription schedule that is currently in the "
            f"`{obj['status']}` status."
        )
        raise ParameterInvalid("schedule", message)
    return obj


def read_phases(sandbox: Sandbox, schedule: dict, params: dict) -> list[dict]:
    """The current phase, unchanged, and the one that begins at the next renewal."""
    given = read_list(params, "phases")
    current = schedule["phases"][schedules.current_index(schedule)]
    if not 1 <= len(given) <= 2:
        raise ParameterInvalid("phases", "The sandbox has the current phase and the next one.")
    subscription = sandbox.get("subscription", schedule["subscription"])
    phases = [read_phase(sandbox, given[0], current["start_date"], "phases[0]")]
    require_current(subscription, current, phases[0])
    if len(given) == 2:
        phases.append(read_phase(sandbox, given[1], phases[0]["end_date"], "phases[1]"))
        if len(phases[1]["items"]) != len(current["items"]):
            message = "The sandbox needs as many items in the next phase as there are now."
            raise ParameterInvalid("phases[1][items]", message)
    return phases


def require_current(subscription: dict, current: dict, phase: dict) -> None:
    if phase["items"] != current["items"]:
        message = "The sandbox changes what runs now through the subscription only."
        raise ParameterInvalid("phases[0][items]", message)
    if phase["default_tax_rates"] != current["default_tax_rates"]:
        message = "Without the rates it has now, the current phase would lose its tax."
        raise ParameterInvalid("phases[0][default_tax_rates]", message)
    if phase["end_date"] != period_end(subscription):
        message = "The sandbox only has a current phase that ends with the billing period."
        raise ParameterInvalid("phases[0][end_date]", message)


def read_phase(sandbox: Sandbox, given: dict, start: int, place: str) -> dict:
    allow(given, *PHASE_PARAMS, place=place)
    require_start(given, start, place)
    lines = [
        read_line(sandbox, line, f"{place}[items][{n}]")
        for n, line in enumerate(read_list(given, "items"))
    ]
    if not lines:
        raise ParameterInvalid(f"{place}[items]", f"Missing required param: {place}[items].")
    return PHASE | {
        "currency": lines[0][0]["currency"],
        "default_tax_rates": read_tax_rates(sandbox, given),
        "end_date": read_end(given, start, lines[0][0], place),
        "items": schedules.phase_items(lines),
        "metadata": dict(read_hash(given, "metadata")),
        "proration_behavior": read_choice(given, "proration_behavior", BEHAVIORS),
        "start_date": start,
    }


def require_start(given: dict, start: int, place: str) -> None:
    wished = read_int(given, "start_date")
    if wished is None and place == "phases[0]":
        message = "The first phase must have a `start_date`: when the current phase began."
        raise ParameterInvalid("phases[0][start_date]", message)
    if wished not in (None, start):
        message = f"This phase begins at {start}, where the one before it ends."
        raise ParameterInvalid(f"{place}[start_date]", message)


def read_end(given: dict, start: int, price: dict, place: str) -> int:
    """`end_date` or `duration`; one billing period if neither is given."""
    if given.get("end_date"):
        end = read_int(given, "end_date")
        if end <= start:
            raise ParameterInvalid(f"{place}[end_date]", "A phase must end after its start.")
        return end
    duration = read_hash(given, "duration") or price["recurring"]
    choices = ("month", "day", "week", "year")
    return add_interval(
        start,
        read_choice(duration, "interval", choices),
        read_int(duration, "interval_count", 1),
    )


def release(sandbox: Sandbox, params: dict, schedule: str) -> dict:
    allow(params, "preserve_cancel_date")
    obj = get_active(sandbox, schedule, "release")
    subscription = sandbox.get("subscription", obj["subscription"])
    before = present(subscription)
    schedules.close(sandbox, subscription, "released")
    announce_change(sandbox, subscription, before)
    return present(obj)


def cancel(sandbox: Sandbox, params: dict, schedule: str) -> dict:
    """Ends the subscription as well, at once."""
    allow(params)
    obj = get_active(sandbox, schedule, "cancel")
    subscription = sandbox.get("subscription", obj["subscription"])
    endings.end_subscription(sandbox, subscription, "cancellation_requested")
    return present(obj)


ROUTES = [
    ("POST", "/v1/subscription_schedules", create),
    ("GET", "/v1/subscription_schedules", list_all),
    ("GET", "/v1/subscription_schedules/<schedule>", retrieve),
    ("POST", "/v1/subscription_schedules/<schedule>", update),
    ("POST", "/v1/subscription_schedules/<schedule>/release", release),
    ("POST", "/v1/subscription_schedules/<schedule>/cancel", cancel),
]
