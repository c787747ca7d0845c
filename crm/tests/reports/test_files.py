"""The page, the files, the command and `rows` say the same; and no text is a formula."""

import csv
import io
import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from openpyxl import load_workbook

from crm.reports import export
from crm.reports.registry import REPORTS
from crm.reports.table import Column, Kind, london_day
from crm.tests.reports import world
from crm.tests.reports.reading import Page

START, LAST, END = date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1)
DAYS = {"start": "2026-01", "end": "2026-05"}
AHEAD = {"renewals": {"start": "2027-01-10", "end": "2027-01-10"}}


def days_of(name: str) -> dict[str, str]:
    return AHEAD.get(name, DAYS)


def rows_of(name: str) -> list[dict[str, Any]]:
    if name in AHEAD:
        return list(REPORTS[name].rows(start=date(2027, 1, 10), end=date(2027, 1, 11)))
    return list(REPORTS[name].rows(start=START, end=END))


def get(desk: Client, name: str, **query: str) -> Any:
    return desk.get(reverse("admin:report", args=[name]), days_of(name) | query)


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(export.BOM))))


def sheet(content: bytes) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(content))
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


@pytest.fixture
def business(desk: Client) -> Client:
    """A browser, in a world in which every report has rows."""
    world.whole_world()
    assert all(rows_of(name) for name in REPORTS)
    return desk


class TestEachReportIsTheSame:
    def test_on_its_page(self, business: Client) -> None:
        for name, report in REPORTS.items():
            table = Page(get(business, name).content).table

            columns = [column for column in report.columns if column.title in table["thead"][0]]
            assert table["tbody"] == [
                [column.shown(row.get(column.name)) for column in columns] for row in rows_of(name)
            ]

    def test_in_its_csv_file(self, business: Client) -> None:
        for name, report in REPORTS.items():
            answer = get(business, name, format="csv")

            assert answer.streaming
            assert lines(b"".join(answer.streaming_content).decode()) == [
                [column.title for column in report.columns],
                *(
                    [str(column.written(row.get(column.name))) for column in report.columns]
                    for row in rows_of(name)
                ),
            ]

    def test_in_its_workbook(self, business: Client) -> None:
        for name, report in REPORTS.items():
            answer = get(business, name, format="xlsx")

            assert sheet(b"".join(answer.streaming_content)) == [
                [column.title for column in report.columns],
                *(
                    [as_excel_has_it(column, row.get(column.name)) for column in report.columns]
                    for row in rows_of(name)
                ),
            ]

    @pytest.mark.usefixtures("business")
    def test_in_the_json_of_the_command(self) -> None:
        for name, report in REPORTS.items():
            said = io.StringIO()

            call_command("report", name, json=True, stdout=said, **days_of(name))

            assert json.loads(said.getvalue())["rows"] == [
                {column.name: column.plain(row.get(column.name)) for column in report.columns}
                for row in rows_of(name)
            ]


def as_excel_has_it(column: Column, value: Any) -> Any:
    if column.kind is Kind.DAY and value:
        return datetime.combine(london_day(value), time())
    if column.kind is Kind.MOMENT and value:
        return localtime(value).replace(tzinfo=None)
    if column.is_number and value is not None:
        return pytest.approx(float(column.written(value)))
    return None if value is None else column.as_text(value)


class TestFileNames:
    def test_say_the_report_and_its_days(self, desk: Client, db: None) -> None:
        world.members()

        answer = get(desk, "cash", format="csv", tier="gold")

        assert answer["Content-Disposition"] == (
            'attachment; filename="cash-gold-2026-01-01-to-2026-05-31.csv"'
        )

    def test_say_the_one_day_of_a_report_as_of_a_day(self, desk: Client) -> None:
        answer = get(desk, "tier_mix", format="xlsx")
        answer.close()

        assert answer["Content-Disposition"] == 'attachment; filename="tier-mix-2026-05-31.xlsx"'


FORMULAS = [
    "=1+1",
    "+1-1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "+44 1632 960001-1",
    "+HYPERLINK(1)",
]
PHONES = ["+44 1632 960001", "+441632960001", "01632 960001"]
COLUMN = Column("text", "Text")


class TestNoTextIsAFormula:
    @pytest.mark.parametrize("text", FORMULAS)
    def test_in_a_csv_file(self, text: str) -> None:
        found = lines("".join(export.csv_lines([COLUMN], [{"text": text}])))

        assert found[1:] == [[f"'{text}"]]

    @pytest.mark.parametrize("text", FORMULAS[:4])
    def test_in_a_workbook_where_it_is_text_as_it_was_typed(self, text: str) -> None:
        cell = written_cell(COLUMN, text)

        assert (cell.value, cell.data_type) == (text, "s")

    @pytest.mark.parametrize("phone", PHONES)
    def test_and_a_telephone_number_stays_readable(self, phone: str) -> None:
        found = lines("".join(export.csv_lines([COLUMN], [{"text": phone}])))
        cell = written_cell(COLUMN, phone)

        assert found[1:] == [[phone]]
        assert (cell.value, cell.data_type) == (phone, "s")

    def test_in_json_where_nothing_is_calculated(self) -> None:
        assert COLUMN.plain("=1+1") == "=1+1"


def written_cell(column: Column, value: Any) -> Any:
    target = io.BytesIO()
    export.write_xlsx(target, [column], [{column.name: value}])
    return load_workbook(target).worksheets[0]["A2"]


class TestAWorkbook:
    def test_holds_pounds_as_numbers(self) -> None:
        cell = written_cell(Column("pence", "Pounds", Kind.PENCE), -120_050)

        assert (cell.value, cell.data_type, cell.number_format) == (-1200.5, "n", "#,##0.00")

    def test_holds_days_as_days(self) -> None:
        cell = written_cell(Column("day", "Day", Kind.DAY), date(2026, 3, 31))

        assert (cell.value.date(), cell.is_date) == (date(2026, 3, 31), True)

    def test_holds_moments_on_londons_clock(self) -> None:
        cell = written_cell(Column("at", "At", Kind.MOMENT), world.at("2026-03-31 23:30"))

        assert cell.value == datetime(2026, 4, 1, 0, 30)

    def test_leaves_out_characters_that_it_cannot_hold(self) -> None:
        assert written_cell(COLUMN, "a\x00b\x0bc").value == "abc"

    def test_goes_on_in_another_sheet_when_one_is_full(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(export, "ROWS_A_SHEET", 2)
        target = io.BytesIO()

        export.write_xlsx(target, [COLUMN], [{"text": letter} for letter in "abc"])

        first, second = load_workbook(target).worksheets
        assert [cell.value for cell in first["A"]] == ["Text", "a", "b"]
        assert [cell.value for cell in second["A"]] == ["Text", "c"]


def test_a_csv_file_opens_in_excel_with_its_pound_signs() -> None:
    text = "".join(export.csv_lines([COLUMN], [{"text": "£"}]))

    assert text.encode("utf-8").startswith(b"\xef\xbb\xbf")


def test_pounds_in_a_csv_file_add_up_to_the_penny() -> None:
    column = Column("pence", "Pounds", Kind.PENCE)

    found = lines("".join(export.csv_lines([column], [{"pence": p} for p in (10, 20, 1)])))

    assert sum(Decimal(row[0]) for row in found[1:]) == Decimal("0.31")
