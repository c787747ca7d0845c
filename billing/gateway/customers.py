import stripe

from accounts.models import Owner
from billing.gateway.line import found, once, stripe_api
from billing.models import Customer


def ensure_customer(owner: Owner) -> Customer:
    """Return the owner's one Stripe customer, made at the first call, or anew if Stripe lost it.

    Two calls at once ask Stripe with the same key and so get the same customer.
    """
    customer = Customer.objects.filter(owner=owner).first()
    if customer is None:
        made = _create_customer(owner, {"owner": str(owner.pk)})
        defaults = {"stripe_id": made, "told": details_of(owner)}
        return Customer.objects.get_or_create(owner=owner, defaults=defaults)[0]
    if not _has_customer(customer.stripe_id):
        notes = {"owner": str(owner.pk), "instead_of": customer.stripe_id}
        customer.stripe_id = _create_customer(owner, notes)
        customer.told = details_of(owner)
        customer.save(update_fields=["stripe_id", "told"])
    return customer


def details_of(owner: Owner) -> dict[str, str]:
    """Return what Stripe is to know of an owner; its mails and receipts go there."""
    return {"email": owner.user.email, "name": owner.company or owner.name, "phone": owner.phone}


def tell_details(customer_id: str, details: dict[str, str]) -> bool:
    """Return whether Stripe has such a customer: there, one may have been deleted.

    Raises StripeUnavailable.
    """
    with stripe_api() as api:
        try:
            api.customers.update(customer_id, details)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return False
    return True


def _create_customer(owner: Owner, notes: dict[str, str]) -> str:
    params = {name: value for name, value in details_of(owner).items() if value}
    params["metadata"] = notes
    with stripe_api() as api:
        return api.customers.create(params, once(f"customer-{owner.pk}", params)).id


def _has_customer(customer_id: str) -> bool:
    """Whether it is still there: somebody may have deleted it in Stripe's dashboard."""
    with stripe_api() as api:
        customer = found(api.customers.retrieve, customer_id)
    return customer is not None and not customer.get("deleted")
