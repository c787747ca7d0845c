from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.london import day_of
from crm.management.database_faults import faults_in_words
from crm.reports import export
from crm.reports.asking import Asked, CannotBeAsked, asked, report_called
from crm.reports.registry import GROUPS, REPORTS
from crm.reports.table import Column, Row

MISUSED = 2  # as argparse has it
SCREEN = "-"
MOST_PRINTED = 200
WIDEST = 32


class Command(BaseCommand):
    help = (
        "Print a report or write it to a file; without a name, list the reports. Both days count; "
        "a report as of a day takes --end alone. Exit code 2 when it is asked for what there is "
        "not, 1 when the file cannot be written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="one of the list")
        parser.add_argument("--start", help="the first day (2026-11-20) or month (2026-11)")
        parser.add_argument("--end", help="the last day or month")
        parser.add_argument("--tier", help="only this tier, by its code")
        parser.add_argument("--cycle", help="only this cycle: annual or monthly")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--csv", nargs="?", const=SCREEN, metavar="FILE", help="print it as CSV")
        form.add_argument("--xlsx", metavar="FILE", help="a workbook, for Excel and the like")
        form.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        if name is None:
            self.stdout.write(_listed())
            return
        with faults_in_words():
            try:
                question = asked(report_called(name), options, today=day_of(timezone.now()))
            except CannotBeAsked as error:
                raise CommandError(str(error), returncode=MISUSED) from error
            self._answer(question, **options)

    def _answer(
        self, question: Asked, *, csv: str | None, xlsx: str | None, json: bool, **options: Any
    ) -> None:
        report = question.report
        rows = report.rows(**question.arguments)
        if csv == SCREEN:
            self._print(export.csv_lines(report.columns, rows))
        elif csv:
            with self._written(csv, mode="w", encoding="utf-8", newline="") as target:
                target.writelines(export.csv_lines(report.columns, rows))
        elif xlsx:
            with self._written(xlsx, mode="wb") as target:
                export.write_xlsx(target, report.columns, rows)
        elif json:
            self._print(
                f"{line}\n" for line in export.json_lines(_head(question), report.columns, rows)
            )
        else:
            self._print(_table(question))

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line, ending="")

    @contextmanager
    def _written(self, name: str, **how: Any) -> Iterator[IO[Any]]:
        try:
            with open(name, **how) as target:
                yield target
        except OSError as error:
            raise CommandError(f"{name} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote {name}.")


def _head(question: Asked) -> Row:
    return {
        "report": question.report.id,
        "title": question.report.title,
        "start": question.start.isoformat(),
        "last": question.last.isoformat(),
        "tier": question.tier,
        "cycle": question.cycle,
    }


def _listed() -> str:
    names = [name for _, group in GROUPS for name in group]
    width = max(map(len, names))
    return "\n".join(f"{name:<{width}}  {REPORTS[name].title}" for name in names)


# --- On the screen --------------------------------------------------------------------------------


def _table(question: Asked) -> Iterator[str]:
    report = question.report
    part = report.part(0, MOST_PRINTED, **question.arguments)
    yield f"{report.title}, {question.days}\n"
    if not part.count:
        yield f"{report.nothing}\n"
        return
    lines = [[column.title for column in report.columns]]
    lines += [_texts(report.columns, row) for row in part.rows]
    if part.totals:
        lines.append(_sums(report.columns, part.totals))
    yield from _aligned(report.columns, lines)
    if part.count > len(part.rows):
        yield f"{part.count - len(part.rows):,} more rows: --csv FILE has all of them.\n"
    yield from (f"{note}\n" for note in report.notes(**question.arguments))


def _texts(columns: Iterable[Column], row: Row) -> list[str]:
    return [_short(column.shown(row.get(column.name))) for column in columns]


def _sums(columns: Iterable[Column], totals: Row) -> list[str]:
    sums = [each.shown(totals[each.name]) if each.name in totals else "" for each in columns]
    return ["All", *sums[1:]]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _aligned(columns: Iterable[Column], lines: list[list[str]]) -> Iterator[str]:
    columns = list(columns)
    widths = [max(map(len, texts)) for texts in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            f"{text:>{width}}" if column.is_number else f"{text:<{width}}"
            for column, text, width in zip(columns, line, widths, strict=True)
        ]
        yield f"{'  '.join(cells).rstrip()}\n"
