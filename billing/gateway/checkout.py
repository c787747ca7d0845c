import uuid
from collections.abc import Collection
from typing import Any

import stripe
from stripe._v1_services import V1Services

from accounts.models import Owner
from billing.gateway.catalogue import ensure_price, ensure_vat_rate
from billing.gateway.customers import ensure_customer
from billing.gateway.line import PAGE_SIZE, StripeUnavailable, stripe_api
from billing.models import Customer, Plan
from listings.models import Property

PAYING_ELSEWHERE = (
    "This house is just being paid for on another page. "
    "Please look at your dashboard in a minute, before you pay again."
)
RUNNING = {"active", "trialing", "past_due"}


class HousePaid(Exception):
    """Stripe has subscriptions for the house that we know nothing of yet; it names their ids."""

    def __init__(self, subscriptions: list[str]) -> None:
        super().__init__(", ".join(subscriptions))
        self.subscriptions = subscriptions


def start_checkout(
    owner: Owner,
    plan: Plan,
    *,
    house: Property | None,
    success_url: str,
    cancel_url: str,
    known: Collection[str] = (),
) -> str:
    """Return the address of Stripe's payment page for a subscription to `plan`.

    Owner, house and plan stand on the session and on the subscription: later events show only
    the latter. An open page for the same purchase is used again, and all others of the same house
    are closed: a house cannot be paid for twice. Nor when it is paid for and the webhook is late:
    `known` are the subscriptions that run here too, so any other of the house is news.

    Raises StripeUnavailable, HousePaid.
    """
    customer = ensure_customer(owner)
    price, vat_rate = ensure_price(plan), ensure_vat_rate(plan)
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
    with stripe_api() as api:
        return _one_page(api, params, known).url


def close_pages(house: Property) -> None:
    """Close the open payment pages of a house that needs none any more.

    Raises StripeUnavailable.
    """
    customer = Customer.objects.filter(owner=house.owner_id).first()
    if customer is None:  # no page was ever opened
        return
    wish = {"customer": customer.stripe_id, "status": "open", "limit": PAGE_SIZE}
    with stripe_api() as api:
        pages = list(api.checkout.sessions.list(wish).auto_paging_iter())
        _close(api, [page for page in pages if _house_of(page) == str(house.pk)])


def _one_page(api: V1Services, params: dict[str, Any], known: Collection[str]) -> Any:
    """Return the only open page for what is bought: the one there is, or a new one.

    Two requests at once both find none and both make one. So each looks again afterwards and keeps
    the oldest: the last to look sees all of them.
    """
    pages = _open_pages(api, params)
    page = next((page for page in pages if _is_same_purchase(page, params)), None)
    _close(api, [other for other in pages if other is not page])
    _check_unpaid(api, params, known)  # after closing: what is paid by now is seen here
    if page:
        return page
    api.checkout.sessions.create(params, {"idempotency_key": str(uuid.uuid4())})
    pages = _open_pages(api, params)
    _close(api, pages[1:])
    if not pages or not _is_same_purchase(pages[0], params):  # another plan was quicker
        raise StripeUnavailable(PAYING_ELSEWHERE)
    return pages[0]


def _check_unpaid(api: V1Services, params: dict[str, Any], known: Collection[str]) -> None:
    house = params["metadata"].get("property")
    if not house:  # an owner may well buy two for later
        return
    wish = {"customer": params["customer"], "limit": PAGE_SIZE}
    paid = [
        subscription.id
        for subscription in api.subscriptions.list(wish).auto_paging_iter()
        if subscription.status in RUNNING and _house_of(subscription) == house
    ]
    unknown = [name for name in paid if name not in known]
    if unknown:
        raise HousePaid(unknown)


def _open_pages(api: V1Services, params: dict[str, Any]) -> list[Any]:
    """Return the open pages of the same house, or of the same purchase without one, oldest first.

    Without a house, an owner may well buy two plans.
    """
    house = params["metadata"].get("property")
    wish = {"customer": params["customer"], "status": "open", "limit": PAGE_SIZE}
    pages = [
        page
        for page in api.checkout.sessions.list(wish).auto_paging_iter()
        if _is_same_purchase(page, params) or (house and _house_of(page) == house)
    ]
    return sorted(pages, key=lambda page: (page.created, page.id))


def _house_of(bought: Any) -> str | None:
    return bought.to_dict()["metadata"].get("property")


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
