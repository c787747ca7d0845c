"""A change that waits for its owner to confirm the payment: taken back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing import changing, gateway
from billing.models import Membership
from billing.views.changed import to_result
from billing.views.own_membership import look, of_own_membership

PAID_MEANWHILE = "The payment had been confirmed already, so your plan has changed."


@of_own_membership
@require_http_methods(["GET", "HEAD", "POST"])
def membership_take_back(request: HttpRequest, membership: Membership) -> HttpResponse:
    pending = getattr(membership, "pending_change", None)
    if request.method != "POST":
        context = {"membership": membership, "pending": pending, "owner_area": "houses"}
        return render(request, "billing/take_back.html", context)
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    changing.item_to_change(subscription)
    is_back = gateway.take_back(subscription)
    look(membership)
    membership.refresh_from_db(fields=["tier", "billing_cycle"])
    has_it = pending is not None and pending.is_to(membership.tier_id, membership.billing_cycle)
    if has_it or not is_back:
        messages.info(request, PAID_MEANWHILE)
        return redirect("dashboard")
    return to_result(membership, "taken_back")
