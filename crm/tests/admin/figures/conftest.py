from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from accounts.london import LONDON
from crm.tests.admin.figures.worlds import TODAY, WORLDS, live


@pytest.fixture(scope="module", params=WORLDS)
def world(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[str]:
    """One world for all tests of a file, for it takes seconds to live; it is taken back after."""
    with django_db_blocker.unblock(), transaction.atomic():
        if WORLDS[request.param]:
            live(WORLDS[request.param])
        yield request.param
        transaction.set_rollback(True)


@pytest.fixture
def noon() -> Iterator[None]:
    """The day on which the world is seen."""
    moment = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=LONDON)
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture
def today(noon: None, desk: Client) -> Client:
    """A browser in which Bob is logged in, on that day."""
    return desk
