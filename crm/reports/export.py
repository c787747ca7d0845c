"""Tables as files, row by row: CSV, XLSX and JSON. None is ever held in memory as a whole."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.utils.timezone import localtime
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from crm.reports.table import Column, Kind, Row, london_day

BOM = "\ufeff"  # without it Excel takes the pound sign for two others
LONGEST_CELL = 32_767  # Excel's own limits
ROWS_A_SHEET = 1_000_000
FORMATS = {
    Kind.COUNT: "#,##0",
    Kind.PENCE: "#,##0.00",
    Kind.SHARE: "0.0%",
    Kind.HOURS: "0.0",
    Kind.DAY: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
}


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Iterable[Column], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV file: pounds with two decimals, ISO days, no thousands separator."""
    columns = list(columns)
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow([column.title for column in columns])
    for row in rows:
        yield writer.writerow([column.written(row.get(column.name)) for column in columns])


def write_xlsx(target: IO[bytes], columns: Iterable[Column], rows: Iterable[Row]) -> None:
    """Write a workbook; numbers and days stay such, no text is a formula, a sheet is never full."""
    columns = list(columns)
    book = Workbook(write_only=True)
    sheet = _sheet(book, columns)
    for index, row in enumerate(rows):
        if index and index % ROWS_A_SHEET == 0:
            sheet = _sheet(book, columns)
        sheet.append([_cell(sheet, column, row.get(column.name)) for column in columns])
    book.save(target)


def _sheet(book: Workbook, columns: list[Column]) -> Any:
    sheet = book.create_sheet(f"Report {len(book.worksheets) + 1}")
    sheet.freeze_panes = "B2"
    for index, column in enumerate(columns, 1):
        width = max(12, len(column.title) + 2) if column.is_number else 24
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.append([_title(sheet, column) for column in columns])
    return sheet


def _title(sheet: Any, column: Column) -> Cell:
    cell = WriteOnlyCell(sheet, value=column.title)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, column: Column, value: Any) -> Cell | None:
    if value is None:
        return None
    if column.kind in FORMATS:
        cell = WriteOnlyCell(sheet, value=_typed(column, value))
        cell.number_format = FORMATS[column.kind]
        return cell
    # A workbook says itself what is text: nothing need stand before what looks like a formula.
    text = ILLEGAL_CHARACTERS_RE.sub("", column.as_text(value))[:LONGEST_CELL]
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _typed(column: Column, value: Any) -> Any:
    """Return days and moments as Excel's own, on London's clock."""
    if column.kind is Kind.MOMENT:
        return localtime(value).replace(tzinfo=None)
    if column.kind is Kind.DAY:
        return london_day(value)
    return column.written(value)


def json_lines(head: Row, columns: Iterable[Column], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of one JSON object: `head`, the columns, and the rows by columns' names."""
    columns = list(columns)
    named = [{"name": each.name, "title": each.title, "kind": each.kind.value} for each in columns]
    yield f'{json.dumps({**head, "columns": named})[:-1]}, "rows": ['
    comma = ""
    for row in rows:
        plain = {column.name: column.plain(row.get(column.name)) for column in columns}
        yield f"{comma}{json.dumps(plain)}"
        comma = ","
    yield "]}"
