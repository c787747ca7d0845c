"""What a customer may do in the billing portal."""

from stripe_sandbox.billing.customers import set_default_payment_method
from stripe_sandbox.billing.payment_methods import attach, create_payment_method
from stripe_sandbox.billing.subscriptions import LIVE, change_subscription
from stripe_sandbox.sandbox import Sandbox

Expiry = tuple[int | None, int | None]
USUAL: Expiry = (None, None)


def add_card(sandbox: Sandbox, customer: dict, number: str, expiry: Expiry = USUAL) -> dict:
    details = {"email": customer["email"]}
    method = create_payment_method(sandbox, number, details, expiry)
    return attach(sandbox, method, customer)


def set_default_card(sandbox: Sandbox, customer: dict, number: str, expiry: Expiry = USUAL) -> dict:
    """For what has no card of its own. A subscription from checkout has one, and keeps it."""
    method = add_card(sandbox, customer, number, expiry)
    set_default_payment_method(sandbox, customer, method["id"])
    return method


def set_own_card(sandbox: Sandbox, customer: dict, subscription: dict, number: str) -> dict:
    method = add_card(sandbox, customer, number)
    change_subscription(sandbox, subscription, default_payment_method=method["id"])
    return method


def replace_card(sandbox: Sandbox, customer: dict, number: str, expiry: Expiry = USUAL) -> dict:
    """Put a new card on file for everything `customer` pays."""
    method = set_default_card(sandbox, customer, number, expiry)
    for subscription in live_subscriptions(sandbox, customer):
        change_subscription(sandbox, subscription, default_payment_method=method["id"])
    return method


def live_subscriptions(sandbox: Sandbox, customer: dict) -> list[dict]:
    owned = sandbox.all("subscription", customer=customer["id"])
    return [subscription for subscription in owned if subscription["status"] in LIVE]
