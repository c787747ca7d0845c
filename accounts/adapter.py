from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

LINKS = ("activate_url", "password_reset_url", "signup_url")


class AccountAdapter(DefaultAccountAdapter):
    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Send staff to their desk and owners to their dashboard."""
        if request.user.is_staff:
            return reverse("admin:index")
        return super().get_login_redirect_url(request)

    @transaction.atomic
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm it together with all that follows from it: see also accounts.whole."""
        return super().confirm_email(request, email_address)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Let links lead to our own address: django-allauth takes the one that the browser named.

        With that, a stranger could have us mail somebody a secret link to another name of ours.
        """
        links = {name: _on_our_site(context[name]) for name in LINKS if name in context}
        super().send_mail(template_prefix, email, {**context, **links})


def _on_our_site(url: str) -> str:
    return settings.SITE_URL + urlsplit(url).path
