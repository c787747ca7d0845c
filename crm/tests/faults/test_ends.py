"""Where the main write goes down too, it is all or nothing, and nobody is told that it is saved."""

import pytest
from django.db import DatabaseError, connection

from crm.tests.faults import world
from crm.tests.faults.faults import ENDS, Fault
from crm.tests.faults.flows import FLOWS, Flow, Place


def fails(flow: Flow, place: Place, given: object) -> bool:
    """Whether whoever took the flow was told that it did not work."""
    try:
        answer = flow.take(place, given)
    except (SystemExit, KeyboardInterrupt, DatabaseError):
        return True
    return answer is not None and answer.status_code == 500


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.name)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_what_is_not_saved_is_not_said_to_be(flow: Flow, end: Fault, place: Place) -> None:
    given = flow.prepare(place)
    before = (world.source_rows(), world.record_rows())

    with end.hurt():
        failed = fails(flow, place, given)
        connection.close()

    assert failed
    assert (world.source_rows(), world.record_rows()) == before
