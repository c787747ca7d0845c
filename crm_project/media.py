"""Uploads. There is one kind: photos, which we encoded ourselves and gave random names."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# As listings.photos names both sizes.
PHOTO = re.compile(r"[0-9a-f]{32}(\.card)?\.jpg", re.ASCII)
YEAR = 31_536_000


@require_safe
def photo(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve one photo by its exact name, and nothing else that may stand in MEDIA_ROOT."""
    if not PHOTO.fullmatch(name):
        raise Http404("Not the name of a photo")
    response = serve(request, f"photos/{name}", document_root=settings.MEDIA_ROOT)
    # A name never stands for another picture: what a browser has, it need not ask for again.
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
