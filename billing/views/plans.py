"""Choose a plan, pay at Stripe, come back. Webhooks bring the membership.

Nothing here writes, but for a lease, and for a membership whose webhook is late when its house is
about to be paid again.
"""

import logging
from itertools import groupby
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import owner_required
from accounts.models import Owner
from billing import gateway
from billing.forms import HouseChoice
from billing.locks import WAIT_SECONDS, holding
from billing.models import Cycle, Membership, Plan
from billing.models.plans import COMMITMENT_MONTHS
from billing.patience import short_patience
from billing.sync import refresh_membership
from billing.views.waiting import waiting, whole_number
from listings.models import Property

logger = logging.getLogger(__name__)


@owner_required
@require_safe
def plans(request: HttpRequest, owner: Owner) -> HttpResponse:
    house = _house(request.GET, owner)
    if house and _has_membership(house):
        messages.info(request, f"“{house}” already has a membership: there is nothing to pay.")
        return redirect("dashboard")
    context = {
        "tiers": _tiers(),
        "house": house,
        "unused": Membership.objects.for_owner(owner).unused().select_related("tier").first(),
        "left_payment": "left" in request.GET,
        "owner_area": "plans",
    }
    return render(request, "billing/plans.html", context)


@owner_required
@require_POST
def checkout(request: HttpRequest, owner: Owner, plan_pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.on_sale(), pk=plan_pk)
    house = _house(request.POST, owner)
    if house and _has_membership(house):
        messages.info(request, f"“{house}” already has a membership: there is nothing to pay.")
        return redirect("dashboard")
    try:
        # One press after the other, so that each finds the page that the first has opened.
        with holding(f"checkout of owner {owner.pk}", seconds=WAIT_SECONDS):
            page = gateway.start_checkout(
                owner,
                plan,
                house=house,
                success_url=_success_url(owner, house),
                cancel_url=_cancel_url(house),
                known=_known_subscriptions(owner),
            )
    except gateway.HousePaid as paid:
        _catch_up(paid.subscriptions)
        messages.info(
            request,
            f"“{house}” has just been paid for on another page, so please do not pay again. "
            "Its membership is on your dashboard in a moment.",
        )
        return redirect("dashboard")
    except gateway.StripeUnavailable as error:
        context = {"plan": plan, "house": house, "error": error, "owner_area": "plans"}
        return render(request, "billing/stripe_unavailable.html", context, status=503)
    return redirect(page)


@owner_required
@never_cache
@require_safe
def checkout_return(request: HttpRequest, owner: Owner) -> HttpResponse:
    house = _house(request.GET, owner)
    membership = _arrived(owner, house, after=whole_number(request.GET, "after"))
    context = {
        "house": house,
        "membership": membership,
        "owner_area": "plans",
        **waiting(request, arrived=membership is not None),
    }
    return render(request, "billing/checkout_return.html", context)


def _house(data: QueryDict, owner: Owner) -> Property | None:
    """Return the owner's house that the request names; none at all is fine, another's is a 404."""
    form = HouseChoice(data, owner=owner)
    if not form.is_valid():
        raise Http404("No such house")
    return form.cleaned_data["house"]


def _has_membership(house: Property) -> bool:
    return Membership.objects.current().filter(property=house).exists()


def _known_subscriptions(owner: Owner) -> set[str]:
    # One that is over here, while Stripe says that it runs, is news too.
    memberships = Membership.objects.for_owner(owner).current()
    return set(memberships.values_list("stripe_subscription_id", flat=True))


def _catch_up(subscriptions: list[str]) -> None:
    """Bring the memberships whose webhooks are late, where we can; else the webhooks do."""
    try:
        with short_patience():
            for subscription in subscriptions:
                refresh_membership(subscription, now=timezone.now())
    except gateway.StripeUnavailable as error:
        logger.info("%s wait for their webhooks: %s", ", ".join(subscriptions), error)


def _tiers() -> list[dict[str, object]]:
    """Return `{tier, yearly, monthly, committed, saving}`; plans may be None, money is pence."""
    cards = []
    for tier, group in groupby(Plan.objects.on_sale().with_features(), key=lambda plan: plan.tier):
        by_cycle = {plan.cycle: plan for plan in group}
        yearly, monthly = by_cycle.get(Cycle.ANNUAL), by_cycle.get(Cycle.MONTHLY)
        committed = monthly.gross_pence * COMMITMENT_MONTHS if monthly else 0
        saving = committed - yearly.gross_pence if monthly and yearly else 0
        cards.append(
            {
                "tier": tier,
                "yearly": yearly,
                "monthly": monthly,
                "committed": committed,
                "saving": max(saving, 0),
            }
        )
    return cards


def _success_url(owner: Owner, house: Property | None) -> str:
    """`after` is the newest membership before paying: a newer one is the one just bought."""
    newest = Membership.objects.for_owner(owner).order_by("-pk").values_list("pk", flat=True)
    known = urlencode({"house": house.pk if house else "", "after": newest.first() or 0})
    # Stripe puts the session's id in place of the braces, so they must not be escaped.
    place = f"?session_id={{CHECKOUT_SESSION_ID}}&{known}"
    return settings.SITE_URL + reverse("checkout_return") + place


def _cancel_url(house: Property | None) -> str:
    known = {"house": house.pk, "left": 1} if house else {"left": 1}
    return f"{settings.SITE_URL}{reverse('plans')}?{urlencode(known)}"


def _arrived(owner: Owner, house: Property | None, *, after: int) -> Membership | None:
    """Return the membership that the payment brought, once the webhook has been here.

    One that the house got another way meanwhile is older than `after`, and not what was paid for.
    """
    newer = Membership.objects.for_owner(owner).current().filter(pk__gt=after)
    wanted = Q(property=None) | Q(property=house) if house else Q(property=None)
    return newer.filter(wanted).select_related("tier").order_by("-pk").first()
