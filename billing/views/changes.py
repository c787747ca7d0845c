"""Changing a membership: choose, see what is charged when, confirm, see what became of it.

Stripe does the change; the membership follows by the same look as after every webhook.
"""

from dataclasses import dataclass
from typing import Any, Self

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.london import day_of
from accounts.templatetags.site import pounds
from billing import changing, gateway, quotes
from billing import stripe_shapes as shapes
from billing.membership_card import card_of
from billing.models import Membership, PendingChange, Plan
from billing.models.plans import STRIPE_INTERVALS
from billing.scheduled_changes import has_come
from billing.views.at_renewal import at_renewal
from billing.views.changed import to_result
from billing.views.own_membership import NOT_SHOWN, look, of_own_membership

REFUSED_BEFORE = (
    "The bank refused this payment before, and nothing was charged. Here is the amount again, for "
    "the card you have now."
)
DROP_FIRST = (
    "Another change is planned, and it has to go first: drop it here, then choose {}, again. "
    "Nothing was charged."
)


@of_own_membership
@require_safe
def membership_plans(request: HttpRequest, membership: Membership) -> HttpResponse:
    plans = list(Plan.objects.on_sale().with_features())
    scheduled = getattr(membership, "scheduled_change", None)
    context = {
        "card": card_of(membership, today=day_of(timezone.now())),
        "offers": changing.offers(membership, scheduled, plans),
        "blocked": changing.why_no_change(membership),
        "owner_area": "houses",
    }
    return render(request, "billing/membership_plans.html", context)


# --- Another plan ---------------------------------------------------------------------------------


@of_own_membership
@require_http_methods(["GET", "HEAD", "POST"])
def membership_change(request: HttpRequest, membership: Membership, plan_pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.on_sale(), pk=plan_pk)
    pending = getattr(membership, "pending_change", None)
    if pending and pending.is_to(plan.tier_id, plan.cycle):
        return to_result(membership, "confirm", plan)
    scheduled = getattr(membership, "scheduled_change", None)
    if blocked := changing.why_no_change(membership):
        messages.error(request, blocked)
        return redirect("membership_plans", pk=membership.pk)
    [offer] = changing.offers(membership, scheduled, [plan])
    if offer.refusal:
        # Pressed twice, the second press finds the change done.
        return to_result(membership, "now" if offer.at_once else "planned", plan)
    change = _now if offer.at_once else at_renewal
    return change(request, membership, plan)


@dataclass(frozen=True)
class _Change:
    """A move to another plan at once: what is to change, and Stripe's side of it as it is now."""

    membership: Membership
    plan: Plan
    subscription: dict[str, Any]
    item: dict[str, Any]
    price: str

    @classmethod
    def of(cls, membership: Membership, plan: Plan) -> Self:
        subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
        item = changing.item_to_change(subscription)
        if has_come(subscription):  # until the next renewal its schedule is in the way of others
            gateway.drop_plan(subscription)
            subscription = subscription | {"schedule": None}
        return cls(membership, plan, subscription, item, gateway.ensure_price(plan))

    @property
    def is_done(self) -> bool:
        return self.item["price"]["id"] == self.price

    @property
    def is_in_the_way_of_a_plan(self) -> bool:
        """Another interval begins a new period, which a schedule does not allow."""
        interval = (shapes.price_of(self.item).get("recurring") or {}).get("interval")
        wanted = STRIPE_INTERVALS[self.plan.cycle]
        return bool(self.subscription.get("schedule")) and interval != wanted

    def quote(self, proration_date: int) -> quotes.Quote:
        return quotes.quote(self.subscription, self.item, self.price, proration_date=proration_date)

    def still_is(self, seal: quotes.Seal) -> bool:
        start, end = shapes.current_period(self.subscription)
        in_period = (start or 0) <= seal.proration_date <= (end or seal.proration_date)
        return in_period and self.item["price"]["id"] == seal.price_before


def _now(request: HttpRequest, membership: Membership, plan: Plan) -> HttpResponse:
    change = _Change.of(membership, plan)
    if change.subscription.get("pending_update"):  # which we have not heard of yet
        return _to_confirm(membership, plan)
    if change.is_in_the_way_of_a_plan:
        look(membership)
        wanted = f"{plan.tier.name.lower()}, {plan.get_cycle_display().lower()}"
        messages.error(request, DROP_FIRST.format(wanted))
        return redirect("membership_drop_plan", pk=membership.pk)
    if request.method != "POST":
        return _show_quote(request, change)
    if change.is_done:  # a second press
        return to_result(membership, "now", plan)
    seal = quotes.Seal.read(request.POST.get("seal", ""), membership, plan)
    if not seal or not change.still_is(seal):
        messages.info(request, NOT_SHOWN)
        return redirect(request.path)
    if request.session.get(_refused(membership)) == seal.purchase:
        messages.warning(request, REFUSED_BEFORE)
        return redirect(request.path)
    due_pence = change.quote(seal.proration_date).due_pence
    if due_pence != seal.due_pence:
        if _Change.of(membership, plan).is_done:  # by another window, while we asked
            return to_result(membership, "now", plan)
        text = (
            f"The amount has changed: it was {pounds(seal.due_pence)} and is now "
            f"{pounds(due_pence)}. Nothing has been charged."
        )
        messages.warning(request, text)
        return _show_quote(request, change)
    return _pay(request, change, seal)


def _show_quote(request: HttpRequest, change: _Change) -> HttpResponse:
    moment = quotes.second_to_prorate_from(change.subscription, timezone.now())
    quote = change.quote(moment)
    membership, plan = change.membership, change.plan
    before = change.item["price"]["id"]
    context = {
        "membership": membership,
        "plan": plan,
        "quote": quote,
        "then": quotes.Price.after(plan, change.subscription, change.item, quote),
        "is_discounted": bool(change.subscription.get("discounts") or quote.discount_pence),
        "seal": str(quotes.Seal(membership.pk, plan.pk, before, moment, quote.due_pence)),
        "drops": getattr(membership, "scheduled_change", None),
        "committed_to": changing.committed_to(change.subscription),
        "owner_area": "houses",
    }
    return render(request, "billing/change_now.html", context)


def _pay(request: HttpRequest, change: _Change, seal: quotes.Seal) -> HttpResponse:
    membership, plan = change.membership, change.plan
    try:
        changed = gateway.change_now(
            change.subscription,
            change.item["id"],
            change.price,
            proration_date=seal.proration_date,
            purchase=seal.purchase,
        )
    except gateway.PaymentRefused as refusal:
        request.session[_refused(membership)] = seal.purchase
        context = {"membership": membership, "plan": plan, "refusal": refusal}
        context["owner_area"] = "houses"
        return render(request, "billing/change_refused.html", context, status=402)
    except gateway.OutcomeUnknown as unknown:
        messages.warning(request, str(unknown))
        return to_result(membership, "now", plan)
    if changed.get("pending_update"):
        return _to_confirm(membership, plan)
    messages.success(request, _charged(changed, seal.due_pence))
    _drop_plan(request, change.subscription)
    look(membership)
    return to_result(membership, "now", plan)


def _to_confirm(membership: Membership, plan: Plan) -> HttpResponse:
    look(membership)
    heard = PendingChange.objects.filter(membership=membership).exists()
    return to_result(membership, "confirm", plan, unheard=not heard)


def _refused(membership: Membership) -> str:
    """Where the session keeps the refused purchase: Stripe would give the same answer for ever."""
    return f"refused_change_{membership.pk}"


def _drop_plan(request: HttpRequest, subscription: dict[str, Any]) -> None:
    """The owner was told that a change planned before goes."""
    try:
        gateway.drop_plan(subscription)
    except gateway.StripeUnavailable:
        messages.warning(request, "The change planned before still stands: please drop it below.")


def _charged(subscription: dict[str, Any], shown: int) -> str:
    invoice = subscription.get("latest_invoice")
    paid = invoice["amount_paid"] if isinstance(invoice, dict) else shown
    if paid != shown:
        return f"{pounds(paid)} was charged, and not {pounds(shown)} as shown: please write to us."
    return f"{pounds(paid)} was charged to your card." if paid else "Nothing had to be charged."


# --- Ending, and going on -------------------------------------------------------------------------


@of_own_membership
@require_http_methods(["GET", "HEAD", "POST"])
def membership_cancel(request: HttpRequest, membership: Membership) -> HttpResponse:
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    changing.item_to_change(subscription)
    if shapes.scheduled_end(subscription) is not None:  # a second press
        look(membership)
        return to_result(membership, "ending")
    if request.method != "POST":
        context = {"membership": membership, "owner_area": "houses"}
        context["day"] = changing.last_day(subscription)
        context["committed"] = changing.end_of_commitment(subscription) is not None
        context["drops"] = getattr(membership, "scheduled_change", None)
        context["takes_back"] = getattr(membership, "pending_change", None)
        return render(request, "billing/cancel.html", context)
    gateway.end_at(subscription, changing.end_of_commitment(subscription))
    look(membership)
    return to_result(membership, "ending")


@of_own_membership
@require_http_methods(["GET", "HEAD", "POST"])
def membership_keep(request: HttpRequest, membership: Membership) -> HttpResponse:
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    changing.item_to_change(subscription)
    if shapes.scheduled_end(subscription) is None:  # a second press
        look(membership)
        return to_result(membership, "kept")
    if request.method != "POST":
        context = {"membership": membership, "owner_area": "houses"}
        context["day"] = changing.renewal_day(subscription)
        return render(request, "billing/keep.html", context)
    gateway.keep(subscription)
    look(membership)
    return to_result(membership, "kept")
