"""Making a subscription without the checkout page."""

from stripe_sandbox.api.checkout import read_lines, read_tax_rates, read_trial_end
from stripe_sandbox.api.coupons import read_discounts
from stripe_sandbox.api.params import allow, merge_metadata, pick, read_choice, require
from stripe_sandbox.api.subscriptions import find_own_method
from stripe_sandbox.billing import bank, first_payment
from stripe_sandbox.billing.customers import get_customer
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

# off_session and payment_settings are taken and have no effect here.
CREATE = (
    "customer",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "discounts",
    "items",
    "off_session",
    "payment_behavior",
    "payment_settings",
    "trial_end",
    "trial_period_days",
)


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *CREATE)
    customer = get_customer(sandbox, require(params, "customer"), "customer")
    lines = read_lines(sandbox, params, "items")
    trial_end = read_trial_end(sandbox, params)
    own = find_own_method(sandbox, customer["id"], params)
    method = own or sandbox.find(customer["invoice_settings"]["default_payment_method"])
    if not trial_end:
        require_method(sandbox, method, params)
    subscription = first_payment.begin(
        sandbox,
        customer,
        lines,
        method,
        given=read_discounts(sandbox, params, customer["id"]),
        trial_end=trial_end,
        at_checkout=False,
        default_payment_method=own["id"] if own else None,
        default_tax_rates=read_tax_rates(sandbox, params),
        metadata=merge_metadata({}, params),
        **pick(params, "description"),
    )
    return present(subscription)


def require_method(sandbox: Sandbox, method: dict | None, params: dict) -> None:
    if method is None:
        message = "This customer has no attached payment source or default payment method."
        raise ParameterInvalid("default_payment_method", message, "resource_missing")
    behavior = read_choice(params, "payment_behavior", ("allow_incomplete", "error_if_incomplete"))
    answer = bank.ask(method, sandbox.now())
    if behavior == "error_if_incomplete" and not answer.paid:
        raise answer.error()


ROUTES = [("POST", "/v1/subscriptions", create)]
