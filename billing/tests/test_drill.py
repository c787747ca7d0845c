"""The drill of `make drill`, small and in one process: any order, and nothing but the truth.

Failures of the predecessor that this covers: money taken and nothing recorded (1), one payment
recorded twice (2), a failing or leaving member set back to active (5), renewals that extended
nothing (7), an event marked done before it was processed (8).
"""

import time

import pytest
from django.db import transaction

from billing.models import IncomingEvent, Lease, Membership, Payment
from drills.chaos import shuffled
from drills.inprocess import chaos, deliver_all, work_through
from drills.stories import play
from drills.tables import differences, rows, states

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]

SEED = 2026
DELIVERIES = 500


def rows_of_the_run_in_order(client, events):
    with transaction.atomic():
        deliver_all(client, events)
        work_through()
        found = rows()
        transaction.set_rollback(True)
    return found


def test_500_deliveries_in_any_order_with_crashes_faults_and_deaths(client, stripe_api, settings):
    settings.STRIPE_EVENTS_AT_ONCE = False
    t0=time.time()
    events = play(stripe_api, lives=8, months=5, seed=SEED)
    t1=time.time(); print("EVENTS", len(events), t1-t0)
    expected = rows_of_the_run_in_order(client, events)
    t2=time.time(); print("ref", t2-t1)

    with chaos(stripe_api, SEED, kills=20):
        answers = deliver_all(client, shuffled(events, DELIVERIES, SEED))
        deaths = work_through()
    print("chaos", time.time()-t2, stripe_api.control.suffered(), len(rows()))

    assert answers == {200}
    assert differences(expected, rows()) == []
    assert (deaths, states()) == (20, {"done": len(events)})
    assert Lease.objects.count() <= 20
