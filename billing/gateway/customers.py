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
        return Customer.objects.get_or_create(owner=owner, defaults={"stripe_id": made})[0]
    if not _has_customer(customer.stripe_id):
        notes = {"owner": str(owner.pk), "instead_of": customer.stripe_id}
        customer.stripe_id = _create_customer(owner, notes)
        customer.save(update_fields=["stripe_id"])
    return customer


def _create_customer(owner: Owner, notes: dict[str, str]) -> str:
    fields = {"email": owner.user.email, "name": owner.company or owner.name, "phone": owner.phone}
    params = {name: value for name, value in fields.items() if value}
    params["metadata"] = notes
    with stripe_api() as api:
        return api.customers.create(params, once(f"customer-{owner.pk}", params)).id


def _has_customer(customer_id: str) -> bool:
    """Whether it is still there: somebody may have deleted it in Stripe's dashboard."""
    with stripe_api() as api:
        customer = found(api.customers.retrieve, customer_id)
    return customer is not None and not customer.get("deleted")
