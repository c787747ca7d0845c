"""Every worked case, played through the production code, and each figure compared."""

import json
from pathlib import Path

import pytest

from billing.revenue.replay.answers import COMMENTS
from billing.revenue.replay.cases import read_case
from billing.revenue.replay.play import play

DATA = Path(__file__).parent / "data"
CASES = json.loads((DATA / "revenue_cases.json").read_text())


@pytest.mark.django_db
@pytest.mark.parametrize("given", CASES["event_cases"], ids=lambda case: case["id"])
def test_a_worked_case_gives_its_figures(given):
    answers = play(read_case(given, CASES["prices"]))

    assert answers == {key: given["expected"][key] for key in answers}
    assert set(answers) == set(given["expected"]) - COMMENTS
