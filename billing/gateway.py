"""Every outbound call to Stripe. Plain dicts come back; nothing here decides about memberships."""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings
from stripe._v1_services import V1Services

from accounts.models import Owner
from billing import patience
from billing.models import Customer, Plan
from billing.models.plans import STRIPE_INTERVALS
from listings.models import Property

logger = logging.getLogger(__name__)

PAGE_SIZE = 100
UNREACHABLE = (
    "Our payment provider cannot be reached at the moment. Nothing was charged: "
    "please try again in a few minutes."
)
REFUSED = (
    "Our payment provider did not accept the request. Nothing was charged: "
    "please try again, and tell us if it happens once more."
)
PAYING_ELSEWHERE = (
    "This house is just being paid for on another page. "
    "Please look at your dashboard in a minute, before you pay again."
)


class StripeUnavailable(Exception):
    """Stripe did not answer, or not with what was asked. The message is for the owner."""


# --- What an owner sets off ---------------------------------------------------------------------


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
    with _stripe() as api:
        return api.customers.create(params, _once(f"customer-{owner.pk}", params)).id


def _has_customer(customer_id: str) -> bool:
    """Whether it is still there: somebody may have deleted it in Stripe's dashboard."""
    with _stripe() as api:
        found = _found(api.customers.retrieve, customer_id)
    return found is not None and not found.get("deleted")


def start_checkout(
    owner: Owner, plan: Plan, *, house: Property | None, success_url: str, cancel_url: str
) -> str:
    """Return the address of Stripe's payment page for a subscription to `plan`.

    Owner, house and plan stand on the session and on the subscription: later events show only
    the latter. An open page for the same purchase is used again, and all others of the same house
    are closed: a house cannot be paid for twice.

    Raises StripeUnavailable.
    """
    customer = ensure_customer(owner)
    price, vat_rate = ensure_price(plan), _ensure_vat_rate(plan)
    notes = {"owner": str(owner.pk), "plan": plan.lookup_key}
    if house:
        notes["property"] = str(house.pk)
    params = {
        "mode": "subscription",
        "customer": customer.stripe_id,
        "client_reference_id": str(owner.pk),
        "line_items": [{"price": price, "quantity": 1}],
        "metadata": notes,
        "subscription_data": {"metadata": notes, "default_tax_rates": [vat_rate]},
        # A VAT invoice must show who it is for.
        "billing_address_collection": "required",
        "customer_update": {"address": "auto"},
        "adaptive_pricing": {"enabled": False},  # pounds, whatever the card's currency
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    with _stripe() as api:
        return _one_page(api, params).url


def _one_page(api: V1Services, params: dict[str, Any]) -> Any:
    """Return the only open page for what is bought: the one there is, or a new one.

    Two requests at once both find none and both make one. So each looks again afterwards and keeps
    the oldest: the last to look sees all of them.
    """
    pages = _open_pages(api, params)
    page = next((page for page in pages if _is_same_purchase(page, params)), None)
    _close(api, [other for other in pages if other is not page])
    if page:
        return page
    api.checkout.sessions.create(params, {"idempotency_key": str(uuid.uuid4())})
    pages = _open_pages(api, params)
    _close(api, pages[1:])
    if not pages or not _is_same_purchase(pages[0], params):  # another plan was quicker
        raise StripeUnavailable(PAYING_ELSEWHERE)
    return pages[0]


def _open_pages(api: V1Services, params: dict[str, Any]) -> list[Any]:
    """Return the open pages of the same house, or of the same purchase without one, oldest first.

    Without a house, an owner may well buy two plans.
    """
    house = params["metadata"].get("property")
    wish = {"customer": params["customer"], "status": "open", "limit": PAGE_SIZE}
    pages = [
        page
        for page in api.checkout.sessions.list(wish).auto_paging_iter()
        if _is_same_purchase(page, params)
        or (house and page.to_dict()["metadata"].get("property") == house)
    ]
    return sorted(pages, key=lambda page: (page.created, page.id))


def _is_same_purchase(page: Any, params: dict[str, Any]) -> bool:
    shown = page.to_dict()
    return all(shown[name] == params[name] for name in ("metadata", "success_url", "cancel_url"))


def _close(api: V1Services, pages: list[Any]) -> None:
    """Close payment pages, so that one house is not paid for on two."""
    for page in pages:
        try:
            api.checkout.sessions.expire(page.id)
        except stripe.InvalidRequestError as error:  # no longer open
            if api.checkout.sessions.retrieve(page.id).status != "expired":
                raise StripeUnavailable(PAYING_ELSEWHERE) from error


def open_portal(owner: Owner, return_url: str) -> str:
    """Return the address of Stripe's page where an owner who is a customer manages the billing.

    Raises Customer.DoesNotExist, StripeUnavailable.
    """
    customer = Customer.objects.get(owner=owner)
    with _stripe() as api:
        params = {"customer": customer.stripe_id, "return_url": return_url}
        return api.billing_portal.sessions.create(params).url


# --- The price list at Stripe -------------------------------------------------------------------


def find_price(plan: Plan) -> str | None:
    with _stripe() as api:
        wish = {"lookup_keys": [plan.lookup_key], "active": True, "limit": 1}
        prices = api.prices.list(wish).data
    return prices[0].id if prices else None


def ensure_price(plan: Plan) -> str:
    """Return the id of the plan's price at Stripe, made with its product if it is not there."""
    return find_price(plan) or _create_price(plan)


def _create_price(plan: Plan) -> str:
    params = {
        "product": _ensure_product(plan),
        "currency": plan.currency,
        "unit_amount": plan.net_pence,
        "recurring": {"interval": STRIPE_INTERVALS[plan.cycle]},
        "tax_behavior": "exclusive",
        "lookup_key": plan.lookup_key,
        "transfer_lookup_key": True,  # an archived price keeps its key
        "nickname": str(plan),
        "metadata": {"tier": plan.tier.code},
    }
    with _stripe() as api:
        return api.prices.create(params, _once(f"price-{plan.lookup_key}", params)).id


def _ensure_product(plan: Plan) -> str:
    params = {"name": plan.tier.display_name, "metadata": {"tier": plan.tier.code}}
    with _stripe() as api:
        for product in api.products.list({"active": True, "limit": PAGE_SIZE}).auto_paging_iter():
            if product.to_dict()["metadata"].get("tier") == plan.tier.code:
                return product.id
        return api.products.create(params, _once(f"product-{plan.tier.code}", params)).id


def _ensure_vat_rate(plan: Plan) -> str:
    percentage = Decimal(plan.vat_basis_points) / 100
    params = {
        "display_name": "VAT",
        "percentage": str(percentage),
        "inclusive": False,
        "country": "GB",
        "metadata": {"made_by": "gatehouse"},
    }
    with _stripe() as api:
        wish = {"active": True, "inclusive": False, "limit": PAGE_SIZE}
        for rate in api.tax_rates.list(wish).auto_paging_iter():
            ours = rate.to_dict()["metadata"].get("made_by") == "gatehouse"
            if ours and Decimal(str(rate.percentage)) == percentage:
                return rate.id
        return api.tax_rates.create(params, _once(f"vat-{percentage}", params)).id


# --- What Stripe holds now ----------------------------------------------------------------------


def fetch_subscription(subscription_id: str) -> dict[str, Any] | None:
    """Return the subscription as it is now, products included, or None if Stripe has no such."""
    params = {"expand": ["items.data.price.product"]}
    with _stripe() as api:
        return _found(api.subscriptions.retrieve, subscription_id, params)


def fetch_invoices(subscription_id: str) -> list[dict[str, Any]]:
    """Return all invoices of a subscription, newest first."""
    with _stripe() as api:
        pages = api.invoices.list({"subscription": subscription_id, "limit": PAGE_SIZE})
        return [_plain(invoice) for invoice in pages.auto_paging_iter()]


# --- The line to Stripe -------------------------------------------------------------------------


@contextmanager
def _stripe() -> Iterator[V1Services]:
    try:
        yield _client(settings.STRIPE_SECRET_KEY, getattr(settings, "STRIPE_API_HOST", None)).v1
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        logger.warning("Stripe cannot be reached: %s", error)
        raise StripeUnavailable(UNREACHABLE) from error
    except stripe.StripeError as error:
        logger.exception("Stripe refused a call")
        raise StripeUnavailable(REFUSED) from error


@lru_cache
def _client(key: str, host: str | None) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": host} if host else {},
        http_client=patience.http_client,
        max_network_retries=patience.RETRIES,
    )


def _found(retrieve: Callable[..., stripe.StripeObject], *args: Any) -> dict[str, Any] | None:
    try:
        return _plain(retrieve(*args))
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            return None
        raise


def _once(purpose: str, params: dict[str, Any]) -> stripe.RequestOptions:
    """Options that make Stripe answer a repeated call with the first one's result.

    The key holds the parameters, because Stripe refuses a known key with other ones.
    """
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:24]
    return {"idempotency_key": f"{purpose}-{digest}"}


def _plain(found: stripe.StripeObject) -> dict[str, Any]:
    return found.to_dict(for_json=True)
