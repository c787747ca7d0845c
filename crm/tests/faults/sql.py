"""Faults made in the database itself: tables gone, writes refused, locks held by somebody else."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from django.db import connection
from django.db.models import Model

from crm.tests.faults.world import RECORDS, quoted

ON_POSTGRESQL = connection.vendor == "postgresql"

Hurt = Callable[[], AbstractContextManager[None]]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


# --- What is missing or does not fit --------------------------------------------------------------


def tables_away(*models: type[Model]) -> Hurt:
    @contextmanager
    def hurt() -> Iterator[None]:
        tables = [model._meta.db_table for model in models]
        run(*(f"ALTER TABLE {quoted(each)} RENAME TO {quoted(each + '_away')}" for each in tables))
        try:
            yield
        finally:
            run(
                *(
                    f"ALTER TABLE {quoted(each + '_away')} RENAME TO {quoted(each)}"
                    for each in tables
                )
            )

    return hurt


def columns_away(columns: dict[type[Model], str]) -> Hurt:
    @contextmanager
    def hurt() -> Iterator[None]:
        named = {model._meta.db_table: column for model, column in columns.items()}
        run(*(_renaming(table, column, f"{column}_away") for table, column in named.items()))
        try:
            yield
        finally:
            run(*(_renaming(table, f"{column}_away", column) for table, column in named.items()))

    return hurt


def _renaming(table: str, old: str, new: str) -> str:
    return f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(old)} TO {quoted(new)}"


def columns_narrow(columns: dict[type[Model], str]) -> Hurt:
    """Only PostgreSQL minds how long a text is."""

    @contextmanager
    def hurt() -> Iterator[None]:
        run(*(_narrowing(model, name, "varchar(3)") for model, name in columns.items()))
        try:
            yield
        finally:
            types = {
                model: model._meta.get_field(name).db_type(connection)
                for model, name in columns.items()
            }
            run(*(_narrowing(model, name, types[model]) for model, name in columns.items()))

    return hurt


def _narrowing(model: type[Model], column: str, kind: str) -> str:
    cut = f"USING left({quoted(column)}, 3)"
    table = quoted(model._meta.db_table)
    return f"ALTER TABLE {table} ALTER COLUMN {quoted(column)} TYPE {kind} {cut}"


@contextmanager
def rule_added() -> Iterator[None]:
    """A constraint that nothing meets; SQLite takes one for a standing table only as a trigger."""
    tables = [quoted(model._meta.db_table) for model in RECORDS]
    rule = "ADD CONSTRAINT fault CHECK (false) NOT VALID"
    run(*(f"ALTER TABLE {table} {rule}" for table in tables))
    try:
        yield
    finally:
        run(*(f"ALTER TABLE {table} DROP CONSTRAINT fault" for table in tables))


# --- What happens at each write -------------------------------------------------------------------


def at_each_write(
    statement: str,
    models: Sequence[type[Model]] = RECORDS,
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> Hurt:
    """Run a statement in the database whenever a row of these tables is written."""

    @contextmanager
    def hurt() -> Iterator[None]:
        tables = [model._meta.db_table for model in models]
        run(*before, *(each for table in tables for each in _triggers(table, statement)))
        try:
            yield
        finally:
            run(*(each for table in tables for each in _no_triggers(table)), *after)

    return hurt


def _triggers(table: str, statement: str) -> list[str]:
    if ON_POSTGRESQL:
        name = f"fault_{table}"
        body = f"BEGIN {statement}; RETURN NEW; END"
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
            f"CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON {quoted(table)} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    return [
        f"CREATE TRIGGER fault_{table}_{verb} BEFORE {verb} ON {quoted(table)} "
        f"BEGIN {statement}; END"
        for verb in ("INSERT", "UPDATE")
    ]


def _no_triggers(table: str) -> list[str]:
    if ON_POSTGRESQL:
        return [f"DROP FUNCTION fault_{table}() CASCADE"]
    return [f"DROP TRIGGER fault_{table}_{verb}" for verb in ("INSERT", "UPDATE")]


def error(code: str) -> str:
    """PostgreSQL: fail with a code of its own, as the server does."""
    return f"RAISE EXCEPTION 'made by a test' USING ERRCODE = '{code}'"


PLANTED = {
    "before": (
        "CREATE TABLE fault (id integer PRIMARY KEY, rest text CHECK (rest <> 'refused'))",
        "INSERT INTO fault (id) VALUES (1)",
    ),
    "after": ("DROP TABLE fault",),
}


@contextmanager
def disk_full() -> Iterator[None]:
    """SQLite: room for what the site writes, and none for what the mirror does."""
    fill = at_each_write("INSERT INTO fault (rest) VALUES (randomblob(4000000))", **PLANTED)
    with fill(), connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages + 200}")
        try:
            yield
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")


# --- Somebody else --------------------------------------------------------------------------------


def held(seconds: float, rows_of: type[Model] | None = None) -> Hurt:
    """Another connection holds the records, all or the rows of one table: so long at the most."""

    @contextmanager
    def hurt() -> Iterator[None]:
        holds, let_go = threading.Event(), threading.Event()
        thread = threading.Thread(target=_hold, args=(rows_of, holds, let_go, seconds))
        thread.start()
        holds.wait()
        try:
            yield
        finally:
            let_go.set()
            thread.join()

    return hurt


def _hold(
    rows_of: type[Model] | None, holds: threading.Event, let_go: threading.Event, seconds: float
) -> None:
    tables = ", ".join(model._meta.db_table for model in RECORDS)
    lock = f"SELECT FROM {rows_of._meta.db_table} FOR UPDATE" if rows_of else f"LOCK TABLE {tables}"
    try:
        # SQLite has but one lock, and it is the site's as well.
        run(*(("BEGIN", lock) if ON_POSTGRESQL else ("BEGIN IMMEDIATE",)))
        holds.set()
        let_go.wait(seconds)
        run("ROLLBACK")
    finally:
        connection.close()


@contextmanager
def little_patience() -> Iterator[None]:
    """SQLite: wait for its lock no longer than for a blink. PostgreSQL is left as it is."""
    wait = "SELECT" if ON_POSTGRESQL else "PRAGMA busy_timeout = {}"
    run(wait.format(50))
    try:
        yield
    finally:
        run(wait.format(20_000))
