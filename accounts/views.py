from typing import Any

from allauth.account.forms import SignupForm
from allauth.account.views import SignupView as AllauthSignupView
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import owner_required
from accounts.forms import ProfileForm
from accounts.models import Owner


class SignupView(AllauthSignupView):
    """A login without its owner row, or without its mail, would be a dead end: all or nothing."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except IntegrityError:
            # The same address signed up at the same moment: asked again, allauth finds it taken,
            # if it is asked with a new form. The old one has been checked and says it is free.
            vars(self).pop("_cached_form", None)
            return super().post(request, *args, **kwargs)

    def form_valid(self, form: SignupForm) -> HttpResponse:
        if form.account_already_exists:
            # As much work as for a new account: the time of the answer must not tell them apart.
            make_password(form.cleaned_data["password1"])
        return super().form_valid(form)


@owner_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, owner: Owner) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=owner)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form, "owner_area": "profile"})
