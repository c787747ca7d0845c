"""Where the main write goes down too, it is all or nothing, and nobody is told that it is saved."""

import pytest
from django.db import DatabaseError, connection

from billing.models import IncomingEvent
from crm.tests.faults import world
from crm.tests.faults.faults import ENDS, Fault
from crm.tests.faults.flows import FLOWS, Flow, Place, hear_from_stripe


def fails(flow: Flow, place: Place, given: object) -> bool:
    """Whether whoever took the flow was told that it did not work."""
    try:
        answer = flow.take(place, given)
    except (SystemExit, KeyboardInterrupt, DatabaseError):
        return True
    return answer is not None and answer.status_code == 500


def rows() -> tuple[world.Rows, world.Rows]:
    """All that is to stand or fall together; what Stripe said is kept by itself."""
    return world.without_inbox(world.source_rows()), world.record_rows()


def is_kept_for_a_later_try(flow: Flow) -> bool:
    """Stripe is only told that its event is here; what follows from it is ours to bring about."""
    return flow.take is hear_from_stripe and IncomingEvent.objects.open().exists()


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.name)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_what_is_not_saved_is_not_said_to_be(flow: Flow, end: Fault, place: Place) -> None:
    given = flow.prepare(place)
    before = rows()

    with end.hurt():
        failed = fails(flow, place, given)
        connection.close()

    assert failed or is_kept_for_a_later_try(flow)
    assert rows() == before
