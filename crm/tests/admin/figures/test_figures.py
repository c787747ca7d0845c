"""Each figure equals its rows and its file: shown, listed and exported are one number."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import EndReason, Movement
from billing.revenue import figures as queries
from crm.figures.base import Figure, Scope
from crm.figures.every import FIGURES
from crm.figures.money import FLOWS
from crm.reports.table import Kind
from crm.tests.admin.figures.worlds import TODAY

MONTHS = (date(2026, 6, 1), date(2026, 5, 1), date(2026, 3, 1), date(2025, 6, 1), date(2024, 1, 1))
CHOICES = {
    "kind": Movement.values,
    "flow": [kind.value for kind in FLOWS],
    "tier": ["bronze", "silver", "gold", ""],
    "cycle": ["annual", "monthly"],
    "reason": EndReason.values,
    "cohort": ["2025-01", "2026-01", "2026-02", "2026-06"],
}


def scopes(figure: Figure) -> Iterator[Scope]:
    """Yield each month with each detail that the figure can be asked for."""
    for month in MONTHS:
        for details in _every(figure.details):
            if details.get("cohort", "") <= f"{month:%Y-%m}":
                yield Scope(month, TODAY, details)


def _every(names: tuple[str, ...]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{}]
    for name in names:
        found = [{**one, name: value} for one in found for value in CHOICES[name]]
    return found


def of_file(figure: Figure, answer: Any) -> Any:
    """Make the figure of what stands in the file alone."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    titles = {column.name: (column.title, column.kind) for column in figure.columns}
    if not figure.adds:
        return figure.of(len(rows), len(rows))
    title, kind = titles[figure.adds]
    total = sum(Decimal(row[title]) for row in rows)
    return figure.of(int(total * 100) if kind == Kind.PENCE else int(total), len(rows))


# --- The three are one ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIGURES)
class TestOneNumber:
    def test_the_value_is_what_the_rows_make(self, world: str, db: None, name: str) -> None:
        figure = FIGURES[name]

        for scope in scopes(figure):
            rows = figure.rows(scope)
            every = list(rows)
            # the quick way, the proof, and the sum that the page shows of all its pages
            assert figure.value(scope) == figure.proved(every), scope
            assert (rows.count(), rows.sum(rows.count())) == (len(every), figure.total(every))

    def test_the_page_and_the_file_say_the_same(self, world: str, today: Client, name: str) -> None:
        figure = FIGURES[name]
        scope = next(scopes(figure))
        asked = {"month": f"{scope.month:%Y-%m}", **scope.details}

        page = today.get(reverse("admin:crm_figure", args=[name]), asked)
        file = today.get(page.context["csv_url"])

        assert page.context["agrees"]
        assert of_file(figure, file) == figure.value(scope)


@pytest.mark.parametrize("world", ["every kind of movement"], indirect=True)
def test_the_world_has_every_kind_of_movement(world: str, db: None) -> None:
    moved = {
        kind
        for month in MONTHS[:3]
        for kind in Movement
        if FIGURES["movement_count"].value(Scope(month, TODAY, {"kind": kind.value}))
    }

    assert moved == set(Movement)


# --- What they are --------------------------------------------------------------------------------


THIS_MONTH = TODAY.replace(day=1)


def value(name: str, month: date = THIS_MONTH, **details: str) -> Any:
    return FIGURES[name].value(Scope(month, TODAY, details))


@pytest.mark.parametrize("world", ["every kind of movement"], indirect=True)
class TestWhatTheyAre:
    """Worked out by hand from the world's lives; see worlds.py."""

    @pytest.mark.parametrize(
        ("name", "details", "expected"),
        [
            ("movement_count", {"kind": "new"}, 1),
            ("movement_count", {"kind": "reactivation"}, 1),
            ("movement_count", {"kind": "churn"}, 2),
            ("movement", {"kind": "expansion"}, 8_500),  # the second house
            ("movement", {"kind": "contraction"}, 2_000 + 6_500),  # gold to silver; set free
            ("freed", {}, 1),
            ("churn", {"reason": "payment_failed"}, 6_500),
            ("churn", {"reason": "voluntary"}, 3_750),
            ("at_risk", {}, 6_500),
            ("leaving", {}, 6_500),
            ("recovered_count", {}, 1),
            ("recovered", {}, 6_500),
            ("cash_flow", {"flow": "refund"}, -1_000),
            ("plan_count", {"tier": "gold", "cycle": "monthly"}, 3),
            ("due", {}, 2),
            ("renewed", {}, 1),
            ("renewal_rate", {}, Fraction(1, 2)),
            ("cohort", {"cohort": "2026-01"}, 3),  # of four, one pauses and one has come back
        ],
    )
    def test_in_the_month_that_runs(
        self, world: str, db: None, name: str, details: dict[str, str], expected: Any
    ) -> None:
        assert value(name, **details) == expected

    def test_mrr_counts_every_paying_membership_and_no_euro(self, world: str, db: None) -> None:
        silver_monthly, gold_monthly = 7 * 6_500, 3 * 8_500

        assert value("mrr") == queries.monthly(12 * (silver_monthly + gold_monthly) + 110_000)
        assert queries.other_currencies(TODAY) == {"eur": 84_000}

    def test_members_are_last_months_with_who_came_less_who_went(
        self, world: str, db: None
    ) -> None:
        formula = FIGURES["members"].formula(Scope(TODAY.replace(day=1), TODAY))
        signs = {"": 1, "+": 1, "−": -1, "=": 0}

        assert sum(signs[part.sign] * part.value for part in formula) == value("members") == 11

    def test_a_month_of_movements_adds_up_to_the_pound_a_year(self, world: str, db: None) -> None:
        formula = FIGURES["mrr"].formula(Scope(TODAY.replace(day=1), TODAY))
        signs = {"": 1, "+": 1, "−": -1, "=": 0, "÷ 12 =": 0}

        total = sum(signs[part.sign] * part.value for part in formula)

        assert total == next(part.value for part in formula if part.sign == "=")


@pytest.mark.parametrize("world", ["nobody"], indirect=True)
def test_an_empty_database_has_no_rate_and_no_revenue(world: str, db: None) -> None:
    assert value("renewal_rate") is None
    assert value("mrr") == 0
