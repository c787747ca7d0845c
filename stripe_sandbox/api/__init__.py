"""Stripe's HTTP API: one module per resource, each with its ROUTES.

A handler is called as handler(sandbox, params, **ids from the path), holding the state still,
and returns the JSON to answer with.
"""

from stripe_sandbox.api import (
    accounts,
    catalogue,
    checkout,
    coupons,
    credit_notes,
    customers,
    disputes,
    events,
    invoices,
    payment_methods,
    payments,
    previews,
    refunds,
    schedules,
    subscription_creation,
    subscription_update,
    subscriptions,
    tax_rates,
)

ROUTES = [
    route
    for module in (
        accounts,
        catalogue,
        checkout,
        coupons,
        credit_notes,
        customers,
        disputes,
        events,
        invoices,
        payment_methods,
        payments,
        previews,
        refunds,
        schedules,
        subscription_creation,
        subscription_update,
        subscriptions,
        tax_rates,
    )
    for route in module.ROUTES
]
