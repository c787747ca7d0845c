"""What can go wrong with the CRM: one line for each fault, made as close to the real one as can be.

A fault that one database does not know is not in its table.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from django.db.models import Model

from crm import reasons, receivers
from crm.mirror.statement import SyncStatement
from crm.models import (
    ActivityLog,
    BulkWrite,
    Contact,
    EnquiryRecord,
    MembershipRecord,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from crm.tests.faults import sql
from crm.tests.faults.flows import NOW
from crm.tests.faults.sql import ON_POSTGRESQL, Hurt, at_each_write, columns_away, error
from crm.tests.faults.world import RECORDS

DAY = datetime.timedelta(days=1)
NAMES: dict[type[Model], str] = {
    Contact: "first_name",
    PropertyRecord: "slug",
    EnquiryRecord: "guest_name",
    MembershipRecord: "stripe_subscription_id",
}


@dataclass(frozen=True)
class Fault:
    """`says` is the reason that the desk gives. Where it gives none, nothing failed.

    `away` are the tables that cannot be read meanwhile. Once mended, records are as if nothing had
    been, to the last column, unless the fault touched what they already held, or the clock.
    """

    name: str
    hurt: Hurt
    says: str = ""
    away: frozenset[type[Model]] = frozenset()
    leaves_traces: bool = False

    @property
    def goes_unheard(self) -> bool:
        """Whether nobody can be told of it: then the check finds what it did."""
        return SyncFailure in self.away


def away(*models: type[Model], says: str = reasons.MISSING) -> Fault:
    tables = ", ".join(model._meta.db_table for model in models)
    return Fault(f"{tables} away", sql.tables_away(*models), says, frozenset(models))


def all_away() -> Fault:
    """As good as no CRM at all."""
    models = (*RECORDS, ActivityLog, SyncFailure, SyncCheck, BulkWrite)
    return Fault("every table away", sql.tables_away(*models), "", frozenset(models))


def column_away(columns: dict[type[Model], str]) -> Fault:
    name = ", ".join(f"{model._meta.db_table}.{column}" for model, column in columns.items())
    return Fault(f"{name} away", columns_away(columns), reasons.MISSING, frozenset(columns))


def raising(failure: BaseException) -> Callable[[], mock._patch]:
    return lambda: mock.patch.object(SyncStatement, "run", side_effect=failure)


def clock_off(by: datetime.timedelta) -> Hurt:
    """The clock that the mirror reads jumped; the next one to be read is right again."""
    return lambda: mock.patch.object(receivers, "timezone", mock.Mock(now=lambda: NOW + by))


@contextmanager
def endless_recursion() -> Iterator[None]:
    def run(*args: object, **options: object) -> None:
        run()

    with mock.patch.object(SyncStatement, "run", run):
        yield


BOTH = (
    away(Contact),
    away(PropertyRecord),
    away(EnquiryRecord),
    away(MembershipRecord),
    away(*RECORDS),
    away(ActivityLog),
    away(*RECORDS, SyncFailure, says=""),
    all_away(),
    column_away(NAMES),
    Fault(
        "a clashing record",
        at_each_write("INSERT INTO fault (id) VALUES (1)", **sql.PLANTED),
        reasons.CLASH,
    ),
    Fault("no memory", raising(MemoryError("no memory")), reasons.UNKNOWN),
    Fault("endless recursion", endless_recursion, reasons.UNKNOWN),
    Fault("the records held for a moment", sql.held(0.1)),
    Fault("the clock a day behind", clock_off(-DAY), leaves_traces=True),
    Fault("the clock a day ahead", clock_off(DAY), leaves_traces=True),
)
POSTGRESQL = (
    Fault("a rule added", sql.rule_added, reasons.REFUSED),
    Fault("columns too narrow", sql.columns_narrow(NAMES), reasons.TOO_LONG, leaves_traces=True),
    Fault("a deadlock", at_each_write(error("40P01")), reasons.CROSSED),
    Fault("a serialization failure", at_each_write(error("40001")), reasons.CROSSED),
    Fault("a statement timed out", at_each_write(error("57014")), reasons.STOPPED),
    Fault("a lock not to be had", at_each_write(error("55P03")), reasons.HELD),
    Fault("a full disk", at_each_write(error("53100")), reasons.FULL),
    Fault("a read-only database", at_each_write(error("25006")), reasons.READ_ONLY),
    Fault("a refused log", at_each_write(error("P0001"), [ActivityLog]), reasons.UNKNOWN),
)
SQLITE = (
    Fault(
        "a rule added",
        at_each_write("INSERT INTO fault (rest) VALUES ('refused')", **sql.PLANTED),
        reasons.REFUSED,
    ),
    Fault("a full disk", sql.disk_full, reasons.FULL),
    Fault(
        "a refused log",
        at_each_write("SELECT RAISE(ABORT, 'made by a test')", [ActivityLog]),
        reasons.REFUSED,
    ),
)
FAULTS = (*BOTH, *(POSTGRESQL if ON_POSTGRESQL else SQLITE))


# --- What takes the main write down with it -------------------------------------------------------

ENDS = (
    Fault("the worker told to stop", raising(SystemExit(1))),
    Fault("an interrupt", raising(KeyboardInterrupt())),
    Fault(
        "the connection cut",
        at_each_write("PERFORM pg_terminate_backend(pg_backend_pid())"),
    )
    if ON_POSTGRESQL
    else Fault("everything rolled back", at_each_write("SELECT RAISE(ROLLBACK, 'gone')")),
)
