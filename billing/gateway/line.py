"""The line to Stripe: one client, and what to say when it does not work."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings
from stripe._v1_services import V1Services

from billing import patience

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


class StripeUnavailable(Exception):
    """Stripe did not answer, or not with what was asked. The message is for the owner."""


@contextmanager
def stripe_api() -> Iterator[V1Services]:
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


def found(retrieve: Callable[..., stripe.StripeObject], *args: Any) -> dict[str, Any] | None:
    try:
        return plain(retrieve(*args))
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            return None
        raise


def once(purpose: str, params: dict[str, Any]) -> stripe.RequestOptions:
    """Options that make Stripe answer a repeated call with the first one's result.

    The key holds the parameters, because Stripe refuses a known key with other ones.
    """
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:24]
    return {"idempotency_key": f"{purpose}-{digest}"}


def plain(given: stripe.StripeObject) -> dict[str, Any]:
    return given.to_dict(for_json=True)
