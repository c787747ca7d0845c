"""Everything Stripe holds, page by page: for reconcile. Nothing of it is kept here."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from stripe._v1_services import V1Services

from billing.gateway.fetch import REFUND_MONEY
from billing.gateway.line import PAGE_SIZE, plain, stripe_api

# What reconcile compares by, and what each list must bring along.
EXPANDED = {
    "subscriptions": ["data.customer", "data.schedule"],
    "invoices": ["data.payments"],
    "charges": ["data.balance_transaction"],
    "refunds": [*REFUND_MONEY, "data.charge"],
    "credit_notes": [],
    "disputes": ["data.charge"],
    "events": [],
}


def list_all(kind: str, *, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Yield every object of a kind in EXPANDED, newest first; those made since a moment.

    Raises StripeUnavailable.
    """
    wish: dict[str, Any] = {"limit": PAGE_SIZE, "expand": EXPANDED[kind]}
    if kind == "subscriptions":
        wish["status"] = "all"
    if kind == "events":  # Stripe keeps them for 30 days
        wish["type"] = "customer.subscription.*"
    if since and kind != "subscriptions":  # an old one may have changed
        wish["created"] = {"gte": int(since.timestamp())}
    with stripe_api() as api:
        yield from map(plain, _list(api, kind).list(wish).auto_paging_iter())


def list_prices() -> dict[str, dict[str, Any]]:
    """Return all prices by id, each with its product: a list cannot expand that deep."""
    with stripe_api() as api:
        wish = {"limit": PAGE_SIZE, "expand": ["data.product"]}
        return {price.id: plain(price) for price in api.prices.list(wish).auto_paging_iter()}


def _list(api: V1Services, kind: str) -> Any:
    return getattr(api, kind)
