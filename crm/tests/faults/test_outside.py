"""Faults of others than the CRM: Stripe, the mail server, somebody who holds a record."""

from collections.abc import Callable
from contextlib import nullcontext
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import override_settings
from post_office.mail import send_queued_mail_until_done
from post_office.models import STATUS, Email

from billing import patience
from billing.models import IncomingEvent
from crm import reasons
from crm.models import PropertyRecord
from crm.tests.faults import sql, world
from crm.tests.faults.flows import DELETION, ENQUIRY, PAUSE, PURCHASE, SIGN_UP, Flow, Place, seen
from crm.tests.faults.sql import ON_POSTGRESQL, Hurt
from crm.tests.faults.taking import Taken, first_day, no_crm, open_failures, take
from stripe_sandbox.process import Running


@pytest.mark.parametrize(
    "trouble",
    [{"api_status": 429}, {"api_status": 500}, {"api_delay": 0.4}],
    ids=["too many calls", "an error", "no answer"],
)
def test_stripe_out_of_order_is_as_without_the_crm_and_the_next_delivery_makes_it_good(
    trouble: dict, place: Place, unharmed: Callable[[Flow], Taken]
) -> None:
    expected = unharmed(PURCHASE)
    event = PURCHASE.prepare(place)
    before = world.without_inbox(world.source_rows())
    place.stripe.control.faults(**trouble, count=20)

    with mock.patch.object(patience, "CALL_SECONDS", 0.1):
        taken_in = PURCHASE.take(place, event)
    assert (taken_in.status_code, IncomingEvent.objects.get().status) == (200, "failed")
    assert world.without_inbox(world.source_rows()) == before

    place.stripe.control.faults(count=0)
    assert PURCHASE.take(place, event).status_code == 200
    assert world.without_inbox(world.source_rows()) == world.without_inbox(expected.sources)
    assert world.record_rows() == expected.records


CLOSED_PORT = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 9}
SMTP = {"BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}, "MAX_RETRIES": 5}


@pytest.mark.parametrize("flow", [SIGN_UP, ENQUIRY], ids=lambda flow: flow.name)
def test_without_a_mail_server_mail_waits_and_nothing_else_does(
    flow: Flow, place: Place, unharmed: Callable[[Flow], Taken]
) -> None:
    expected = unharmed(flow)

    with override_settings(**CLOSED_PORT, POST_OFFICE=SMTP):
        found = take(place, flow)
        send_queued_mail_until_done()

    assert (found.seen, found.sources) == (expected.seen, expected.sources)
    assert [mail.status for mail in Email.objects.all()] == [STATUS.requeued]


@pytest.mark.parametrize(
    ("flow", "rows_of"),
    [(PAUSE, None), (PAUSE, PropertyRecord), (DELETION, PropertyRecord)],
    ids=["the tables, at a change", "a row, at a change", "a row, at a deletion"],
)
def test_records_that_somebody_holds_for_good_hold_up_nobody(
    flow: Flow,
    rows_of: type[PropertyRecord] | None,
    transactional_db: None,
    stripe_for_all: Running,
) -> None:
    with first_day(stripe_for_all) as place:
        expected = outcome(flow, place, sql.held(10, rows_of), no_crm)
    with first_day(stripe_for_all) as place:
        found = outcome(flow, place, sql.held(10, rows_of))

    assert found == expected
    # On SQLite, which has no lock for a table or a row, the site is not served at all.
    assert [message.splitlines()[0] for message in open_failures()] == HELD


HELD = [reasons.HELD] if ON_POSTGRESQL else []


def outcome(flow: Flow, place: Place, hold: Hurt, without: Hurt = nullcontext) -> tuple:
    given = flow.prepare(place)
    with hold(), sql.little_patience(), without():
        try:
            answer = flow.take(place, given)
        except OperationalError as error:
            return ("refused", str(error))
    return (seen(answer), world.source_rows())
