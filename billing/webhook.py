"""The one address that Stripe's events come to: a guard, and behind it the inbox."""

import ipaddress
import logging
import time

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import inbox
from billing.webhook_guard import Refused, check_delivery

logger = logging.getLogger(__name__)

# Set by a server in this process that has no worker beside it; no request can bring it along.
AT_ONCE = "gatehouse.at_once"
MOST_REFUSED = 60  # a minute, from one address
MINUTE = 60


@csrf_exempt
@login_not_required
@require_POST
# Processing, where it is done here, opens and ends transactions of its own.
@transaction.non_atomic_requests
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take in a delivery from our Stripe account, and answer at once: the worker does the rest."""
    now = timezone.now()
    try:
        delivery = check_delivery(request, now=now)
    except Refused as refusal:
        return _refuse(request, refusal)
    at_once = settings.STRIPE_EVENTS_AT_ONCE or AT_ONCE in request.META
    event = inbox.take_in(delivery, now=now, soon=not at_once)
    if at_once:
        inbox.work_off(event.stripe_customer_id)
    return HttpResponse(status=200)


# --- Refused --------------------------------------------------------------------------------------


def _refuse(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Say why; whoever is refused too often in a minute is told to stop, and logged no more.

    Only what is refused counts, and only that is held back: a genuine delivery comes through,
    whoever shares its address.
    """
    refused = _count_refusal(client_address(request))
    if refused > MOST_REFUSED:
        return _answer("Too many deliveries that are not from Stripe.", 429)
    logger.warning("Webhook refused: %s", refusal)
    return _answer(str(refusal), refusal.status)


def _answer(message: str, status: int) -> HttpResponse:
    response = HttpResponse(message, status=status, content_type="text/plain")
    if status == 429:
        response["Retry-After"] = str(MINUTE)
    return response


def _count_refusal(address: str) -> int:
    """Return how many of this minute came from there, with this one. Each process counts alone."""
    key = f"webhook-refused:{address}:{_minute()}"
    cache.add(key, 0, timeout=2 * MINUTE)
    try:
        return cache.incr(key)
    except ValueError:
        return 1  # it was dropped in between, for want of room


def _minute() -> int:
    return int(time.time()) // MINUTE


def client_address(request: HttpRequest) -> str:
    """Return the sender's address, as far as our own proxies vouch for it; "" for none.

    Whoever has one IPv6 address has a network of them: that counts as one.
    """
    remote = request.META.get("REMOTE_ADDR", "")
    if proxies := settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        passed = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        remote = passed[-proxies].strip() if len(passed) >= proxies else remote
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return ""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
