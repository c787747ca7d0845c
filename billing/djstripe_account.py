"""Keeps the Stripe key out of the database.

dj-stripe finds its owner account by a row that holds the secret key in clear, where any dump or
backup shows it, and goes on using that row after the key in the environment was changed. Here the
account is asked for once per key and process, and the key stays in the settings.
See docs/decisions/stripe-key-stays-in-settings.md.
"""

import json

import stripe
from django.conf import settings
from djstripe.models import Account
from djstripe.settings import djstripe_settings

_account_ids: dict[tuple[str, str | None], str] = {}


def account_for_key(api_key: str) -> Account:
    """Return the row of the account that a key belongs to; asks Stripe when it is not known."""
    place = (api_key, getattr(settings, "STRIPE_API_HOST", None))
    known = Account.objects.filter(id=_account_ids.get(place, "")).first()
    return known or _fetch(api_key, place)


def _fetch(api_key: str, place: tuple[str, str | None]) -> Account:
    found = stripe.Account.retrieve(
        api_key=api_key, stripe_version=djstripe_settings.STRIPE_API_VERSION
    )
    values = {"livemode": settings.STRIPE_LIVE_MODE, "stripe_data": json.loads(str(found))}
    account, _ = Account.objects.get_or_create(id=found.id, defaults=values)
    _account_ids[place] = account.id
    return account


def keep_key_in_settings() -> None:
    Account.get_or_retrieve_for_api_key = staticmethod(account_for_key)
