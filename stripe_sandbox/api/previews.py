"""The next invoice of a subscription, as it is or as it would be after a change."""

import copy

from stripe_sandbox.api.params import allow, read_bool, read_choice, read_hash, require
from stripe_sandbox.api.subscription_changes import read_how, read_wishes
from stripe_sandbox.api.subscriptions import get_running
from stripe_sandbox.billing import changes, invoices
from stripe_sandbox.billing.subscriptions import period_end
from stripe_sandbox.errors import Missing, StripeError
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

DETAILS = (
    "billing_cycle_anchor",
    "cancel_at_period_end",
    "items",
    "proration_behavior",
    "proration_date",
)


class NothingUpcoming(StripeError):
    status = 404

    def __init__(self, customer: str):
        message = f"No upcoming invoices for customer: {customer}"
        super().__init__(message, code="invoice_upcoming_none")


def create(sandbox: Sandbox, params: dict) -> dict:
    """Worked out by the same code on a copy, so that the change later gives the same numbers."""
    allow(params, "customer", "subscription", "subscription_details", "preview_mode")
    read_choice(params, "preview_mode", ("next",))
    subscription = copy.deepcopy(get_running(sandbox, require(params, "subscription")))
    require_owner(subscription, params)
    details = read_hash(params, "subscription_details")
    allow(details, *DETAILS, place="subscription_details")
    how = read_how(sandbox, subscription, details)
    wishes = read_wishes(sandbox, subscription, details)
    outcome = changes.work_out(sandbox, subscription, wishes, how)
    return present(draw(sandbox, subscription, outcome, how, details))


def require_owner(subscription: dict, params: dict) -> None:
    if params.get("customer", subscription["customer"]) != subscription["customer"]:
        raise Missing("subscription", subscription["id"], "subscription")


def draw(
    sandbox: Sandbox,
    subscription: dict,
    outcome: changes.Outcome,
    how: changes.How,
    details: dict,
) -> dict:
    name = f"upcoming_{sandbox.new_id('in')}"
    bill = changes.bill_now(sandbox, subscription, outcome, how)
    moment = sandbox.now()
    if bill is None:
        moment = period_end(subscription)
        require_renewal(subscription, moment, details)
        bill = changes.next_bill(sandbox, subscription, outcome)
    invoice = invoices.compose(sandbox, subscription, bill, name)
    invoice.update(created=moment, next_payment_attempt=moment, billing_reason="upcoming")
    return invoice


def require_renewal(subscription: dict, moment: int, details: dict) -> None:
    end = subscription["cancel_at"]
    ends = read_bool(details, "cancel_at_period_end")
    if ends or (ends is None and end is not None and end <= moment):
        raise NothingUpcoming(subscription["customer"])


ROUTES = [("POST", "/v1/invoices/create_preview", create)]
