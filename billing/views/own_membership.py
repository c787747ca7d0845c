"""What the pages that change a membership share: whose it is, what cannot be done, a fresh look."""

import logging
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.access import owner_required
from accounts.models import Owner
from billing import changing, gateway
from billing.models import Membership
from billing.patience import short_patience
from billing.sync import refresh_membership
from billing.views.changed import SHOWN

logger = logging.getLogger(__name__)

NOT_SHOWN = (
    "The page had been open for too long, or your plan or its price has changed meanwhile. "
    "Nothing was charged: please look at it again."
)

View = Callable[..., HttpResponse]


def of_own_membership(view: View) -> View:
    """Call `view(request, membership, ...)`; another owner's membership is a 404.

    What cannot be done is said in a sentence; a Stripe that is away, on a page of its own.
    """

    @owner_required
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, owner: Owner, pk: int, **kwargs: object) -> HttpResponse:
        memberships = Membership.objects.for_owner(owner)
        memberships = memberships.select_related(*SHOWN)
        membership = get_object_or_404(memberships, pk=pk)
        try:
            return view(request, membership, **kwargs)
        except changing.ChangeRefused as refusal:
            look(membership)  # what Stripe has is not what we showed
            messages.error(request, str(refusal))
            return redirect("dashboard")
        except gateway.StripeUnavailable as error:
            context = {"error": error, "retry": request.path, "owner_area": "houses"}
            return render(request, "billing/stripe_unavailable.html", context, status=503)

    return wrapped


def look(membership: Membership) -> None:
    """Show the change at once where we can; else the webhook brings it."""
    try:
        with short_patience():
            refresh_membership(membership.stripe_subscription_id, now=timezone.now())
    except gateway.StripeUnavailable as error:
        logger.info("%s is shown when its webhook comes: %s", membership.pk, error)
