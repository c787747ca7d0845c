from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from accounts.tests.factories import UserFactory

TODAY = "2026-06-10T12:00:00+01:00"


@pytest.fixture
def today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def desk(client: Client, db: None, today: None) -> Client:
    """A browser in which Bob, a superuser, is logged in."""
    client.force_login(UserFactory(staff=True, email="bob@example.com", first_name="Bob"))
    return client
