from accounts.models import Owner
from billing.gateway.line import stripe_api
from billing.models import Customer


def open_portal(owner: Owner, return_url: str) -> str:
    """Return the address of Stripe's page where an owner who is a customer manages the billing.

    Raises Customer.DoesNotExist, StripeUnavailable.
    """
    customer = Customer.objects.get(owner=owner)
    with stripe_api() as api:
        params = {"customer": customer.stripe_id, "return_url": return_url}
        return api.billing_portal.sessions.create(params).url
