"""A change that waits for its owner to confirm the payment: taken back."""

from dataclasses import dataclass
from typing import Any, Self

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing import changing, gateway
from billing import stripe_shapes as shapes
from billing.models import Membership
from billing.views.changed import to_result
from billing.views.own_membership import look, of_own_membership

PAID_MEANWHILE = "The payment had been confirmed already, so your plan has changed."
LAPSED = "It was too late to confirm this change, so your plan is as it was. Nothing was charged."
NOTHING_WAITED = "No change was waiting for you, so nothing was taken back."
NOT_THIS_ONE = "Another change waits now than the page showed: please look at it again."


@dataclass(frozen=True)
class _Shown:
    """The change that a page offered to take back, by its invoice and when it lapses."""

    membership: int
    invoice: str
    expires_at: int

    @classmethod
    def on(cls, membership: Membership, subscription: dict[str, Any]) -> Self | None:
        """Return what waits now, as Stripe has it."""
        update = subscription.get("pending_update")
        if not update:
            return None
        invoice = shapes.id_of(subscription["latest_invoice"])
        return cls(membership.pk, invoice, update["expires_at"])

    @classmethod
    def read(cls, text: str, membership: Membership) -> Self | None:
        try:
            shown = cls(**signing.loads(text, salt="billing.take_back"))
        except (signing.BadSignature, TypeError):
            return None
        return shown if shown.membership == membership.pk else None

    def __str__(self) -> str:
        return signing.dumps(vars(self), salt="billing.take_back")


@of_own_membership
@require_http_methods(["GET", "HEAD", "POST"])
def membership_take_back(request: HttpRequest, membership: Membership) -> HttpResponse:
    pending = getattr(membership, "pending_change", None)
    if request.method != "POST" and pending is None:
        return _page(request, membership, None)
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    changing.item_to_change(subscription)
    waits = _Shown.on(membership, subscription)
    if request.method != "POST":
        if waits is None:  # which we have not heard of yet
            look(membership)
        return _page(request, membership, waits)
    shown = _Shown.read(request.POST.get("seal", ""), membership)
    if waits and waits != shown:
        look(membership)
        messages.info(request, NOT_THIS_ONE)
        return redirect(request.path)
    became = _take_back(subscription, shown)
    look(membership)
    if became:
        messages.info(request, became)
        return redirect("dashboard")
    return to_result(membership, "taken_back")


def _page(request: HttpRequest, membership: Membership, waits: _Shown | None) -> HttpResponse:
    context = {
        "membership": membership,
        "pending": getattr(membership, "pending_change", None) if waits else None,
        "seal": str(waits or ""),
        "owner_area": "houses",
    }
    return render(request, "billing/take_back.html", context)


def _take_back(subscription: dict[str, Any], shown: _Shown | None) -> str:
    """Take back what was shown; return "", or what had become of it before."""
    if shown is None:
        return NOTHING_WAITED
    if not gateway.take_back(subscription):
        return PAID_MEANWHILE
    invoice = gateway.fetch_invoice_with_payments(shown.invoice) or {}
    if invoice.get("status") == "paid":
        return PAID_MEANWHILE
    voided_at = (invoice.get("status_transitions") or {}).get("voided_at") or 0
    return LAPSED if voided_at >= shown.expires_at else ""
