"""On to Stripe's pages, where an owner changes the card, sees the invoices and cancels."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import owner_required
from accounts.models import Owner
from billing import gateway
from billing.models import Customer


@owner_required
@require_POST
def billing_portal(request: HttpRequest, owner: Owner) -> HttpResponse:
    try:
        page = gateway.open_portal(owner, settings.SITE_URL + reverse("dashboard"))
    except Customer.DoesNotExist as error:
        raise Http404("This owner has bought nothing yet") from error
    except gateway.StripeUnavailable as error:
        context = {"error": error, "owner_area": "houses"}
        return render(request, "billing/stripe_unavailable.html", context, status=503)
    return redirect(page)
