"""Reading what is wished of a subscription's items, for changing it and for previewing that."""

from stripe_sandbox.api.params import allow, read_bool, read_choice, read_int, read_list
from stripe_sandbox.billing.changes import How, Wish
from stripe_sandbox.billing.subscriptions import items_of, period_end
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox

BEHAVIORS = ("create_prorations", "always_invoice", "none")
PAYMENTS = ("allow_incomplete", "error_if_incomplete", "pending_if_incomplete")
# What an update may hold that waits for its payment; metadata since 2026-05-27.
CAN_WAIT = (
    "billing_cycle_anchor",
    "expand",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
)
ITEM = ("id", "price", "quantity", "deleted")


def read_wishes(sandbox: Sandbox, subscription: dict, params: dict) -> list[Wish]:
    changes = read_list(params, "items")
    return [read_wish(sandbox, subscription, each, f"items[{n}]") for n, each in enumerate(changes)]


def read_wish(sandbox: Sandbox, subscription: dict, change: dict, place: str) -> Wish:
    """Without `id` it is a new item beside those there are: Stripe's best known trap."""
    allow(change, *ITEM, place=place)
    item = find_item(subscription, change["id"]) if change.get("id") else None
    if item is None and not change.get("price"):
        raise ParameterInvalid(f"{place}[price]", f"Missing required param: {place}[price].")
    price = item and item["price"]
    if change.get("price"):
        price = read_price(sandbox, subscription, change["price"], f"{place}[price]")
    quantity = read_int(change, "quantity", item["quantity"] if item else 1)
    if quantity < 1:
        raise ParameterInvalid(f"{place}[quantity]", "The sandbox needs a quantity of 1 or more.")
    return Wish(item, price, quantity, gone=bool(read_bool(change, "deleted")))


def read_price(sandbox: Sandbox, subscription: dict, name: str, place: str) -> dict:
    price = sandbox.get("price", name, place)
    if not price["recurring"] or not price["active"]:
        raise ParameterInvalid(place, "The price must be recurring and active.")
    if price["currency"] != subscription["currency"]:
        raise ParameterInvalid(place, "The price must be in the subscription's currency.")
    return price


def find_item(subscription: dict, name: str) -> dict:
    for item in items_of(subscription):
        if item["id"] == name:
            return item
    message = f"No such subscription item: '{name}'"
    raise ParameterInvalid("items[id]", message, "resource_missing")


def read_how(sandbox: Sandbox, subscription: dict, params: dict) -> How:
    behavior = read_choice(params, "proration_behavior", BEHAVIORS)
    anchor = read_choice(params, "billing_cycle_anchor", ("unchanged", "now"))
    moment = read_int(params, "proration_date", sandbox.now())
    start = max(item["current_period_start"] for item in items_of(subscription))
    if not start <= moment <= period_end(subscription):
        message = "proration_date must be within the subscription's current period."
        raise ParameterInvalid("proration_date", message)
    payment = read_choice(params, "payment_behavior", PAYMENTS)
    if payment == "pending_if_incomplete":
        require_able_to_wait(subscription, params)
    return How(
        moment=moment,
        behavior=behavior,
        restart=anchor == "now",
        refuse_unpaid=payment == "error_if_incomplete",
        wait_unpaid=payment == "pending_if_incomplete",
        metadata=params.get("metadata") or {},
    )


def require_able_to_wait(subscription: dict, params: dict) -> None:
    for name in params:
        if name not in CAN_WAIT:
            message = (
                "When `payment_behavior` is set to `pending_if_incomplete`, you can only pass "
                f"parameters that a pending update supports, which {name} is not."
            )
            raise ParameterInvalid(name, message)
    if subscription["schedule"]:
        message = "The sandbox needs the subscription schedule to be released first."
        raise ParameterInvalid("payment_behavior", message)
