"""The drill of `make drill`, small and in one process: any order, and nothing but the truth.

Failures of the predecessor that this covers: money taken and nothing recorded (1), one payment
recorded twice (2), every membership bronze (3), a failing or leaving member set back to active (5),
renewals that extended nothing (7), an event marked done before it was processed (8).
"""

from unittest import mock

import pytest
from django.db import transaction

from billing.inbox import processing
from billing.models import Lease, Membership, Payment
from drills.chaos import shuffled
from drills.inprocess import chaos, deliver_all, work_through
from drills.stories import play
from drills.tables import differences, rows, states

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]

SEED = 2026
DELIVERIES = 500


def rows_of_the_run_in_order(client, events):
    """dj-stripe's own tables are not compared, and half of the time goes into them."""
    with transaction.atomic(), mock.patch.object(processing.Event, "process"):
        deliver_all(client, events)
        work_through()
        found = rows()
        transaction.set_rollback(True)
    return found


def test_500_deliveries_in_any_order_with_crashes_faults_and_deaths(client, stripe_api, settings):
    settings.STRIPE_EVENTS_AT_ONCE = False
    events = play(stripe_api, lives=7, months=4, seed=SEED)
    expected = rows_of_the_run_in_order(client, events)

    with chaos(stripe_api, SEED, kills=20):
        answers = deliver_all(client, shuffled(events, DELIVERIES, SEED))
        deaths = work_through()

    assert answers == {200}
    assert differences(expected, rows()) == []
    assert (deaths, states()) == (20, {"done": len(events)})
    assert Lease.objects.count() <= deaths
    assert len(set(Membership.objects.values_list("status", flat=True))) > 1
    assert len(set(Payment.objects.values_list("kind", flat=True))) > 1
