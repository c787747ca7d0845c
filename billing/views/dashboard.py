from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import owner_required
from accounts.london import day_of
from accounts.models import Owner
from accounts.transitions import TransitionNotAllowed
from billing import publishing
from billing.dunning.owner_view import expiring_cards, failing_payments
from billing.membership_card import card_of
from billing.models import Customer, ListingException, Membership
from billing.next_step import next_step
from billing.views.changed import SHOWN
from listings.models import Enquiry, Property

LATEST = 5


@owner_required
@require_safe
def dashboard(request: HttpRequest, owner: Owner) -> HttpResponse:
    today = day_of(timezone.now())
    own = Membership.objects.for_owner(owner)
    memberships = list(own.select_related(*SHOWN))
    enquiries = Enquiry.objects.for_owner(owner).select_related("property")
    context = {
        "owner": owner,
        "houses": _houses(owner, memberships, today),
        "memberships": memberships,
        "cards": [card_of(one, today=today) for one in memberships],
        "failing_payments": failing_payments(memberships),
        "expiring_cards": expiring_cards(memberships),
        # Only a customer of Stripe's has a page there.
        "has_billing": Customer.objects.filter(owner=owner).exists(),
        "unused": [one for one in memberships if one.is_current and one.property_id is None],
        "enquiries": enquiries[:LATEST],
        "owner_area": "houses",
    }
    return render(request, "billing/dashboard.html", context)


@owner_required
@require_POST
def house_submit(request: HttpRequest, owner: Owner, pk: int) -> HttpResponse:
    house = get_object_or_404(Property.objects.for_owner(owner), pk=pk)
    try:
        publishing.submit(house, now=timezone.now())
    except publishing.ListingIncomplete as error:
        messages.error(request, str(error))
        return redirect("house_edit", pk=pk)
    except publishing.EntitlementMissing as error:
        messages.info(request, str(error))
        return redirect(f"{reverse('plans')}?house={pk}")
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{house}” is with our team for approval.")
    return redirect("dashboard")


def _houses(owner: Owner, memberships: list[Membership], today: date) -> list[dict[str, object]]:
    """Return `{house, membership, exception, step}` for each house, the newest first."""
    running = ListingException.objects.running(today).filter(property__owner=owner)
    exceptions = {one.property_id: one for one in running.select_related("tier")}
    current = {one.property_id: one for one in memberships if one.is_current}
    shown = []
    for house in Property.objects.for_owner(owner).with_photos().order_by("-created_at", "-pk"):
        membership = current.get(house.pk)
        missing = house.missing_for_submission()
        exception = exceptions.get(house.pk)
        entitled = exception is not None or None in current
        step = next_step(house, membership, has_unused=entitled, missing=missing)
        shown.append(
            {"house": house, "membership": membership, "exception": exception, "step": step}
        )
    return shown
