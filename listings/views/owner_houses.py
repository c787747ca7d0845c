from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import owner_required
from accounts.models import Owner
from accounts.transitions import TransitionNotAllowed
from listings import lifecycle
from listings.choices import ListingStatus
from listings.forms.house import WEB_ADDRESS_TAKEN
from listings.forms.house_page import HousePage, NotEditable, SavedAlready, WebAddressTaken
from listings.models import Property

UNDER_REVIEW = "“%s” is with our team for approval. You can look at it, and change it afterwards."


@owner_required
@require_http_methods(["GET", "HEAD", "POST"])
def house_add(request: HttpRequest, owner: Owner) -> HttpResponse:
    return _edit(request, Property(owner=owner))


@owner_required
@require_http_methods(["GET", "HEAD", "POST"])
def house_edit(request: HttpRequest, owner: Owner, pk: int) -> HttpResponse:
    house = _own(owner, pk)
    if house.status == ListingStatus.PENDING_APPROVAL:
        messages.warning(request, UNDER_REVIEW % house.title)
        return redirect(house)
    return _edit(request, house)


@owner_required
@require_POST
def house_pause(request: HttpRequest, owner: Owner, pk: int) -> HttpResponse:
    house = _own(owner, pk)
    try:
        lifecycle.pause(house, now=timezone.now())
        messages.success(request, f"“{house}” is paused. Guests no longer find it.")
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    return redirect("dashboard")


@owner_required
@require_POST
def house_resume(request: HttpRequest, owner: Owner, pk: int) -> HttpResponse:
    house = _own(owner, pk)
    try:
        lifecycle.resume(house)
        messages.success(request, f"“{house}” is live again.")
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    return redirect("dashboard")


def _own(owner: Owner, pk: int) -> Property:
    return get_object_or_404(Property.objects.for_owner(owner), pk=pk)


def _edit(request: HttpRequest, house: Property) -> HttpResponse:
    is_new = house.pk is None
    page = HousePage(house, *((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and page.is_valid():
        try:
            return _save(request, page)
        except WebAddressTaken:
            page.form.add_error("slug", WEB_ADDRESS_TAKEN)
    # The form has put what was typed onto the instance; the heading shows what is stored.
    title = "" if is_new else page.form.initial["title"]
    context = {"page": page, "form": page.form, "house": house, "is_new": is_new, "title": title}
    return render(request, "listings/owner/house_form.html", {**context, "owner_area": "houses"})


def _save(request: HttpRequest, page: HousePage) -> HttpResponse:
    try:
        house = page.save(now=timezone.now())
    except SavedAlready:
        messages.success(request, f"Saved “{page.form.instance}”.")
        return redirect("dashboard")
    except NotEditable as error:
        messages.error(request, str(error))
        return redirect(page.form.instance)
    missing = house.missing_for_submission()
    if missing and house.status != ListingStatus.LIVE:
        still = ", ".join(missing)
        messages.success(request, f"Saved “{house}”. Before you can submit it, add: {still}.")
    else:
        messages.success(request, f"Saved “{house}”.")
    return redirect("dashboard")
