"""One small demo for all tests that look at what it made, and what a second one made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import override_settings

from billing.models import Cycle
from billing.tests.factories import PlanFactory, TierFactory
from billing.tests.sandbox import sandbox_for
from crm.demo.rows import empty_everything
from listings.models import Photo
from stripe_sandbox.process import Running

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
SMALL = 0.05
OURS = ("accounts", "listings", "billing", "crm", "djstripe", "post_office")
# Made from the wall's clock and the process's number, and read by nobody but mail servers.
VOLATILE = {"message_id"}


@contextmanager
def new_sandbox() -> Iterator[Running]:
    """A sandbox with a fixed public address: that stands in rows, and a port would differ."""
    with (
        override_settings(DEMO=True, STRIPE_API_HOST=settings.STRIPE_API_HOST),
        sandbox_for(settings, public_url="http://sandbox.example") as running,
    ):
        yield running


def put_up_price_list() -> None:
    """As the migration does; a test that empties the tables empties this too."""
    for tier, prices in {"bronze": (450, 45), "silver": (650, 65), "gold": (850, 85)}.items():
        for cycle, pounds in zip((Cycle.ANNUAL, Cycle.MONTHLY), prices, strict=True):
            PlanFactory(tier=TierFactory(code=tier), cycle=cycle, net_pence=pounds * 100)


def make_small_demo() -> None:
    call_command("demo", now=NOW, scale=SMALL, verbosity=0)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all rows of our apps and dj-stripe, by table, without what is volatile."""
    return {
        model._meta.label: [
            {name: value for name, value in row.items() if name not in VOLATILE}
            for row in model._base_manager.order_by("pk").values()
        ]
        for app in OURS
        for model in apps.get_app_config(app).get_models()
    }


def pictures() -> list[bytes]:
    found = []
    for name in Photo.objects.order_by("pk").values_list("image", flat=True):
        with default_storage.open(name) as file:
            found.append(file.read())
    return found


@dataclass(frozen=True)
class Made:
    """What the first demo made, the sandbox of the second; the second's rows are in place."""

    first_rows: dict[str, list[dict[str, Any]]]
    first_pictures: list[bytes]
    sandbox: Running


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker) -> Iterator[Made]:
    with django_db_blocker.unblock():
        put_up_price_list()
        empty_everything()
        with new_sandbox():
            make_small_demo()
        rows, photos = everything(), pictures()
        empty_everything()
        with new_sandbox() as running:
            make_small_demo()
            yield Made(rows, photos, running)
        empty_everything()


@pytest.fixture
def price_list(db) -> None:
    put_up_price_list()
