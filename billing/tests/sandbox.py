"""Fixtures for tests that talk to a Stripe sandbox over real HTTP; imported by conftest.py."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import stripe
from django.urls import reverse

from stripe_sandbox.process import Running, running_sandbox


@contextmanager
def sandbox_for(settings, webhook_url: str = "", **options) -> Iterator[Running]:
    """Run a sandbox, and point our own calls and dj-stripe's at it."""
    with running_sandbox(
        webhook_url=webhook_url, webhook_secret=settings.STRIPE_WEBHOOK_SECRETS[0], **options
    ) as running:
        before, stripe.api_base = stripe.api_base, running.url
        settings.STRIPE_API_HOST = running.url
        try:
            yield running
        finally:
            stripe.api_base = before


@pytest.fixture
def stripe_api(settings) -> Iterator[Running]:
    """A sandbox that answers calls and sends no webhooks."""
    with sandbox_for(settings) as running:
        yield running


@pytest.fixture
def stripe_live(settings, live_server) -> Iterator[Running]:
    """A sandbox whose webhooks come to this test's live server."""
    settings.SITE_URL = live_server.url
    with sandbox_for(settings, live_server.url + reverse("stripe_webhook")) as running:
        yield running
