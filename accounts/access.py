"""Who may open an owner's page."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Owner


def owner_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Call `view(request, owner, ...)`; send strangers to log in and explain to staff."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        owner = Owner.objects.select_related("user").filter(user=request.user).first()
        if owner is None:
            return render(request, "accounts/not_an_owner.html", status=403)
        return view(request, owner, *args, **kwargs)

    return wrapped
