"""One house as guests see it, and the enquiry they send about it."""

from datetime import date

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.london import day_of
from accounts.models import User
from listings.choices import Amenity, ListingStatus, Occasion
from listings.forms.enquiry import EnquiryForm, known_about
from listings.intake import take_enquiry
from listings.models import Property
from listings.perks import standing_of
from listings.views.public import similar_houses

ENQUIRED = "enquired"  # in the session: the house that an enquiry was last sent about
PREVIEW = "crm.view_propertyrecord"  # the staff's permission to see listings


@require_http_methods(["GET", "HEAD", "POST"])
def house(request: HttpRequest, slug: str) -> HttpResponse:
    houses = Property.objects.with_photos().showing_website(_today())
    shown = get_object_or_404(houses.select_related("owner__user"), slug=slug)
    if request.method == "POST":
        return _take(request, shown)
    form = EnquiryForm(house=shown, today=_today(), initial=known_about(request.user))
    return _page(request, shown, form)


@require_safe
def enquiry_thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """Only for who has sent one: to others the page would tell which houses are in the making."""
    shown = get_object_or_404(Property, slug=slug, pk=request.session.get(ENQUIRED))
    context = {"house": shown, "live": _is_live(shown), "similar": similar_houses(shown)}
    return render(request, "listings/enquiry_thanks.html", context)


def _take(request: HttpRequest, house: Property) -> HttpResponse:
    form = EnquiryForm(request.POST, house=house, today=_today())
    if not form.is_valid():
        return _page(request, house, form)
    take_enquiry(form.save(commit=False), house, trapped=form.trapped)
    request.session[ENQUIRED] = house.pk
    return redirect("enquiry_thanks", slug=house.slug)


def _page(request: HttpRequest, house: Property, form: EnquiryForm) -> HttpResponse:
    if _is_live(house) or _may_preview(request.user, house):
        context = _shown(house, form)
        if _may_preview(request.user, house):
            context["standing"] = standing_of(house, _today())
            context["is_own"] = house.owner.user_id == request.user.pk
        return render(request, "listings/house.html", context)
    # An enquiry already typed is not thrown away with a 404, even where no page was ever public.
    if house.has_been_public or form.is_bound:
        context = {"house": house, "form": form, "similar": similar_houses(house)}
        return render(request, "listings/not_live.html", context)
    raise Http404("No such house")


def _shown(house: Property, form: EnquiryForm) -> dict[str, object]:
    return {
        "house": house,
        "photos": list(house.photos.all()),
        "form": form,
        "preview": not _is_live(house),
        "canonical": settings.SITE_URL + house.get_absolute_url(),
        "amenities": Amenity.choices,
        "occasions": Occasion.choices,
    }


def _is_live(house: Property) -> bool:
    return house.status == ListingStatus.LIVE


def _may_preview(user: User, house: Property) -> bool:
    return house.owner.user_id == user.pk or (user.is_staff and user.has_perm(PREVIEW))


def _today() -> date:
    return day_of(timezone.now())
