import logging
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import stripe
from django.test import override_settings

from crm.tests.faults import world
from crm.tests.faults.flows import Flow, Place
from crm.tests.faults.taking import Taken, check, first_day, no_crm, take
from stripe_sandbox.process import Running, running_sandbox


@pytest.fixture(scope="package")
def empty_at_last(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        world.empty()


@pytest.fixture
def transactional_db(empty_at_last: None, django_db_blocker: Any) -> Iterator[None]:
    """As pytest-django's, but emptied by hand: to flush every table takes ten times as long."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def stripe_for_all() -> Iterator[Running]:
    with (
        running_sandbox() as running,
        override_settings(STRIPE_API_HOST=running.url),
        mock.patch.object(stripe, "api_base", running.url),
    ):
        yield running


@pytest.fixture
def place(
    transactional_db: None, stripe_for_all: Running, caplog: pytest.LogCaptureFixture
) -> Iterator[Place]:
    caplog.set_level(logging.CRITICAL)
    with first_day(stripe_for_all) as place:
        yield place


@pytest.fixture(scope="session")
def known() -> dict[Flow, Taken]:
    return {}


@pytest.fixture
def unharmed(
    transactional_db: None, stripe_for_all: Running, known: dict[Flow, Taken]
) -> Callable[[Flow], Taken]:
    """What comes of a flow when there is no CRM, and what one in order makes of it."""

    def taken(flow: Flow) -> Taken:
        if flow not in known:
            with first_day(stripe_for_all) as place:
                known[flow] = take(place, flow, no_crm)
            with first_day(stripe_for_all) as place:
                take(place, flow)
                assert check().differences == 0
                known[flow].records = world.record_rows()
            world.empty()
            stripe_for_all.sandbox.reset()
        return known[flow]

    return taken
