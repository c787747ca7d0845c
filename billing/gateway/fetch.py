"""What Stripe holds now."""

from typing import Any

from billing.gateway.line import PAGE_SIZE, found, plain, stripe_api


def fetch_subscription(subscription_id: str) -> dict[str, Any] | None:
    """Return the subscription as it is now, products included, or None if Stripe has no such."""
    params = {"expand": ["items.data.price.product"]}
    with stripe_api() as api:
        return found(api.subscriptions.retrieve, subscription_id, params)


def fetch_invoices(subscription_id: str) -> list[dict[str, Any]]:
    """Return all invoices of a subscription, newest first."""
    with stripe_api() as api:
        pages = api.invoices.list({"subscription": subscription_id, "limit": PAGE_SIZE})
        return [plain(invoice) for invoice in pages.auto_paging_iter()]
