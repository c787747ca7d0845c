"""Tables as files, row by row: CSV and XLSX."""

import csv
from collections.abc import Iterable, Iterator
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from crm.reports.table import Column, Row

BOM = "\ufeff"  # without it Excel takes the pound sign for two others


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
    """Write a workbook of one sheet; numbers stay numbers, and no text is a formula."""
    columns = list(columns)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Report")
    sheet.append([column.title for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, column, row) for column in columns])
    book.save(target)


def _cell(sheet: object, column: Column, row: Row) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=column.written(row.get(column.name)))
    if not column.is_number:
        cell.data_type = "s"
    return cell
