"""A change that waits for the renewal: what it will cost, planned as shown, and dropped again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.london import day_of
from billing import changing, gateway
from billing.membership_card import card_of
from billing.models import Membership, Plan
from billing.models.plans import STRIPE_INTERVALS
from billing.quotes import PlannedSeal
from billing.views.changed import to_result
from billing.views.own_membership import NOT_SHOWN, look, of_own_membership


def at_renewal(request: HttpRequest, membership: Membership, plan: Plan) -> HttpResponse:
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    item = changing.item_to_change(subscription)
    if subscription.get("pending_update"):  # which we have not heard of yet
        raise changing.ChangeRefused(changing.CONFIRM_FIRST)
    seal = PlannedSeal.of(membership, plan, item["price"]["id"], changing.renewal_day(subscription))
    if request.method != "POST":
        context = {"membership": membership, "plan": plan, "owner_area": "houses"}
        context["day"] = changing.renewal_day(subscription)
        context["committed_to"] = changing.committed_to(subscription)
        context["replaces"] = getattr(membership, "scheduled_change", None)
        context["seal"] = str(seal)
        return render(request, "billing/change_at_renewal.html", context)
    if PlannedSeal.read(request.POST.get("seal", ""), membership, plan) != seal:
        messages.info(request, NOT_SHOWN)
        return redirect(request.path)
    gateway.plan_change(
        subscription,
        gateway.ensure_price(plan),
        vat_rate=gateway.ensure_vat_rate(plan),
        interval=STRIPE_INTERVALS[plan.cycle],
    )
    look(membership)
    return to_result(membership, "planned", plan)


@of_own_membership
@require_http_methods(["GET", "HEAD", "POST"])
def membership_drop_plan(request: HttpRequest, membership: Membership) -> HttpResponse:
    if request.method != "POST":
        card = card_of(membership, today=day_of(timezone.now()))
        context = {"membership": membership, "change": card.scheduled, "owner_area": "houses"}
        return render(request, "billing/drop_plan.html", context)
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    changing.item_to_change(subscription)
    gateway.drop_plan(subscription)
    look(membership)
    return to_result(membership, "dropped")
