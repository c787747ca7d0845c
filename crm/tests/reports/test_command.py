import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from crm.reports.registry import REPORTS
from crm.tests.reports import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]

DAYS = ("--start", "2026-01-01", "--end", "2026-05-31")


def run(*arguments: str, **options: Any) -> str:
    said = io.StringIO()
    call_command("report", *arguments, stdout=said, **options)
    return said.getvalue()


def test_without_a_name_it_lists_the_reports() -> None:
    names = [line.split()[0] for line in run().splitlines()]

    assert sorted(names) == sorted(REPORTS)


def test_it_prints_a_table_with_sums() -> None:
    world.members()

    lines = run("revenue_movement", *DAYS).splitlines()

    assert lines[0] == "Revenue movement, 1 January 2026 to 31 May 2026"
    assert lines[2].split()[:4] == ["Jan", "2026", "£0", "£650"]
    assert lines[-1].split()[:2] == ["All", "£1,970"]


def test_it_writes_csv_to_a_file_and_to_the_screen(tmp_path: Path) -> None:
    world.payments(world.members())
    file = tmp_path / "cash.csv"

    said = run("cash", *DAYS, "--csv", str(file))

    assert said == f"Wrote {file}.\n"
    assert file.read_bytes().decode() == run("cash", *DAYS, "--csv")
    assert len(list(csv.reader(file.read_text().splitlines()))) == 6


def test_it_writes_a_workbook(tmp_path: Path) -> None:
    world.payments(world.members())
    file = tmp_path / "cash.xlsx"

    run("cash", *DAYS, "--xlsx", str(file))

    assert load_workbook(file).worksheets[0].max_row == 6


def test_it_says_when_there_is_nothing() -> None:
    assert "No money moved in these days." in run("cash", *DAYS)


def test_a_long_table_is_printed_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.management.commands.report.MOST_PRINTED", 2)
    world.payments(world.members())

    assert "5 more rows: --csv FILE has all of them." in run("payments", *DAYS)


def test_it_is_narrowed_down(tmp_path: Path) -> None:
    world.payments(world.members())

    assert len(run("payments", *DAYS, "--tier", "bronze", "--csv").splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nonsense",), "There is no report called “nonsense”"),
        (("cash", "--start", "2026-05", "--end", "2026-01"), "is after the last day"),
        (("cash", "--start", "2027-01"), "is in the future"),
        (("cash", "--start", "31/01/2026"), "neither a day"),
        (("cash", "--tier", "platinum"), "Known: bronze, silver, gold"),
        (("enquiries", "--cycle", "annual"), "cannot be narrowed down by cycle"),
    ],
)
def test_bad_input_is_answered_by_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        run(*arguments)

    assert refused.value.returncode == 2


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written") as refused:
        run("cash", *DAYS, "--csv", str(tmp_path / "missing" / "cash.csv"))

    assert refused.value.returncode == 1


def test_two_forms_at_once_are_refused() -> None:
    with pytest.raises(CommandError, match="not allowed with"):
        run("cash", "--json", "--csv")
