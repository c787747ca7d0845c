from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone

from accounts.london import day_of
from listings.forms.search import SearchForm
from listings.models import Property
from listings.perks import Perk

ON_HOME = 6
FEATURED = 6
ON_A_PAGE = 12
GROUP_SIZES = [10, 14, 20, 30]


def home(request: HttpRequest) -> HttpResponse:
    houses, today = Property.objects.public(), day_of(timezone.now())
    featured = houses.with_perk(Perk.HOMEPAGE, today).in_fair_order(today)
    places = houses.order_by("county").values("county").annotate(houses=Count("pk"))
    return render(
        request,
        "listings/home.html",
        {
            "form": SearchForm(),
            "featured": featured.with_photos()[:FEATURED],
            "houses": houses.newest().with_photos()[:ON_HOME],
            "places": places.order_by("-houses", "county")[:8],
            "group_sizes": GROUP_SIZES,
        },
    )


def search(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    form.is_valid()  # a field in error is missing from `cleaned_data` and filters nothing
    wanted = form.cleaned_data
    houses = Property.objects.public().in_search_order(day_of(timezone.now())).with_photos()
    if wanted.get("q"):
        houses = houses.matching(wanted["q"])
    if wanted.get("guests"):
        houses = houses.sleeping(wanted["guests"])
    page = Paginator(houses, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "listings/search.html", {"form": form, "wanted": wanted, "page": page})


def similar_houses(house: Property) -> list[Property]:
    return list(Property.objects.public().like(house).with_photos()[:3])


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address on pages that name no icon of their own."""
    return redirect(static("site/favicon.svg"))
