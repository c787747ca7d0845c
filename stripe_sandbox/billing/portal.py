"""What a customer may do in the billing portal."""

from stripe_sandbox.billing.customers import set_default_payment_method
from stripe_sandbox.billing.payment_methods import attach, create_payment_method
from stripe_sandbox.billing.subscriptions import LIVE, change_subscription
from stripe_sandbox.sandbox import Sandbox


def replace_card(
    sandbox: Sandbox,
    customer: dict,
    number: str,
    expiry: tuple[int | None, int | None] = (None, None),
) -> dict:
    """Put a new card on file for everything `customer` pays."""
    details = {"email": customer["email"]}
    payment_method = create_payment_method(sandbox, number, details, expiry)
    attach(sandbox, payment_method, customer)
    set_default_payment_method(sandbox, customer, payment_method["id"])
    for subscription in live_subscriptions(sandbox, customer):
        change_subscription(sandbox, subscription, default_payment_method=payment_method["id"])
    return payment_method


def live_subscriptions(sandbox: Sandbox, customer: dict) -> list[dict]:
    owned = sandbox.all("subscription", customer=customer["id"])
    return [subscription for subscription in owned if subscription["status"] in LIVE]
