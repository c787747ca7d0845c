import stripe

from accounts.models import Owner
from billing.gateway.line import StripeUnavailable, stripe_api
from billing.models import Customer

CLOSED = (
    "Your account with our payment provider has been closed. A new one is made when you next "
    "choose a plan."
)


def open_portal(owner: Owner, return_url: str) -> str:
    """Return the address of Stripe's page where an owner who is a customer manages the billing.

    Raises Customer.DoesNotExist, StripeUnavailable.
    """
    customer = Customer.objects.get(owner=owner)
    with stripe_api() as api:
        params = {"customer": customer.stripe_id, "return_url": return_url}
        try:
            return api.billing_portal.sessions.create(params).url
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            raise StripeUnavailable(CLOSED) from error
