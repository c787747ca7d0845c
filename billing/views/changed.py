"""What became of a change: it only displays, and looks again until the membership says so."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import owner_required
from accounts.london import day_of
from accounts.models import Owner
from billing.changing import is_ending
from billing.membership_card import card_of
from billing.models import Membership, Plan
from billing.views.waiting import waiting, whole_number

KINDS = ("now", "confirm", "taken_back", "planned", "dropped", "ending", "kept")
SHOWN = ("tier", "property", "scheduled_change__tier", "pending_change__tier")


def to_result(
    membership: Membership, kind: str, plan: Plan | None = None, *, unheard: bool = False
) -> HttpResponse:
    """`unheard`: what is to be confirmed is not known here yet, so the page looks for it."""
    wanted = {"what": kind} | ({"plan": plan.pk} if plan else {}) | ({"look": 1} if unheard else {})
    return redirect(f"{reverse('membership_changed', args=[membership.pk])}?{urlencode(wanted)}")


@owner_required
@never_cache
@require_safe
def membership_changed(request: HttpRequest, owner: Owner, pk: int) -> HttpResponse:
    memberships = Membership.objects.for_owner(owner)
    memberships = memberships.select_related(*SHOWN)
    membership = get_object_or_404(memberships, pk=pk)
    kind = request.GET.get("what")
    if kind not in KINDS:
        raise Http404("No such change")
    plan = Plan.objects.select_related("tier").filter(pk=whole_number(request.GET, "plan")).first()
    done = _is_done(membership, kind, plan)
    pending = getattr(membership, "pending_change", None) if kind == "confirm" else None
    context = {
        "card": card_of(membership, today=day_of(timezone.now())),
        "kind": kind,
        "plan": plan,
        "done": done,
        "pending": None if done else pending,
        "owner_area": "houses",
        **waiting(request, arrived=done or pending is not None or _is_over(request, kind)),
    }
    return render(request, "billing/changed.html", context)


def _is_over(request: HttpRequest, kind: str) -> bool:
    """Whether what waited for its owner has lapsed or was taken back, if it is not there."""
    return kind == "confirm" and "look" not in request.GET


def _is_done(membership: Membership, kind: str, plan: Plan | None) -> bool:
    scheduled = getattr(membership, "scheduled_change", None)
    wanted = (plan.tier_id, plan.cycle) if plan else None
    match kind:
        case "now" | "confirm":
            return wanted == (membership.tier_id, membership.billing_cycle)
        case "planned":
            return bool(scheduled) and wanted == (scheduled.tier_id, scheduled.billing_cycle)
        case "dropped":
            return scheduled is None
        case "taken_back":
            return not hasattr(membership, "pending_change")
        case "ending":
            return is_ending(membership) or not membership.is_current
    return not is_ending(membership)
