import pytest

from stripe_sandbox.periods import next_period_end
from stripe_sandbox.tests.conftest import at

MONTHLY = {"interval": "month", "interval_count": 1}
YEARLY = {"interval": "year", "interval_count": 1}
QUARTERLY = {"interval": "month", "interval_count": 3}
FORTNIGHTLY = {"interval": "week", "interval_count": 2}


@pytest.mark.parametrize(
    ("anchor", "recurring", "after", "expected"),
    [
        (at(2025, 1, 15), MONTHLY, at(2025, 1, 15), at(2025, 2, 15)),
        (at(2025, 1, 31), MONTHLY, at(2025, 1, 31), at(2025, 2, 28)),
        (at(2025, 1, 31), MONTHLY, at(2025, 2, 28), at(2025, 3, 31)),
        (at(2024, 1, 31), MONTHLY, at(2024, 1, 31), at(2024, 2, 29)),
        (at(2024, 2, 29), YEARLY, at(2024, 2, 29), at(2025, 2, 28)),
        (at(2024, 2, 29), YEARLY, at(2027, 2, 28), at(2028, 2, 29)),
        (
            at(2025, 11, 30),
            {"interval": "month", "interval_count": 3},
            at(2025, 11, 30),
            at(2026, 2, 28),
        ),
        (
            at(2025, 1, 1),
            {"interval": "week", "interval_count": 2},
            at(2025, 1, 1),
            at(2025, 1, 15),
        ),
    ],
)
def test_period_ends_on_the_anchored_day(anchor, recurring, after, expected):
    assert next_period_end(anchor, recurring, after) == expected
