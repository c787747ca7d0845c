"""Every fault times every flow: the site is as without the CRM, which then catches up."""

from collections.abc import Callable

import pytest

from crm.models import MembershipRecord
from crm.tests.faults import world
from crm.tests.faults.faults import FAULTS, Fault
from crm.tests.faults.flows import ENQUIRY, FLOWS, PURCHASE, Flow, Place
from crm.tests.faults.taking import Taken, check, open_failures, take, try_again

CELLS = [
    pytest.param(flow, fault, id=f"{flow.name} - {fault.name}")
    for flow in FLOWS
    for fault in FAULTS
    if not flow.reads & fault.away
]


@pytest.fixture
def expected(flow: Flow, unharmed: Callable[[Flow], Taken]) -> Taken:
    return unharmed(flow)


@pytest.mark.parametrize(("flow", "fault"), CELLS)
def test_the_site_does_not_notice(flow: Flow, fault: Fault, expected: Taken, place: Place) -> None:
    found = take(place, flow, fault.hurt)

    assert found.seen == expected.seen
    assert found.sources == expected.sources
    try_again()
    if fault.goes_unheard or fault.leaves_traces:
        assert check().differences == 0
    if not fault.leaves_traces:
        assert world.record_rows() == expected.records
    assert open_failures() == []


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.says], ids=lambda fault: fault.name
)
def test_the_desk_says_why(fault: Fault, place: Place) -> None:
    flow = PURCHASE if MembershipRecord in fault.away else ENQUIRY

    take(place, flow, fault.hurt)

    assert {message.splitlines()[0] for message in open_failures()} == {fault.says}
