"""How far a backfill has come: stored with each batch, so that one that was killed goes on there.

A command has a BackfillRun for each mirror, all of one `started_at`. Two commands at once share
them, and each takes the next batch when it is its turn.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from crm.backfill import next_stretch, sync_batch
from crm.mirror import MIRRORS, Mirror, Outcome
from crm.mirror.statistics import count
from crm.models import BackfillRun

TOO_OLD = timedelta(days=1)  # much may have changed behind it
AT_WORK = timedelta(minutes=1)  # one that wrote so lately may well be alive
# For PostgreSQL, in each batch. It goes by key, whatever the planner makes of it: left to itself it
# may read whole tables, for a batch that seems large or when the records were few as it planned.
# And it does not wait for the disk: what a crash takes away, it takes together with how far the run
# had come. The last batch does wait, and with it all before it are safe.
IN_A_BATCH = {
    "enable_seqscan": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1",
    "synchronous_commit": "off",
}


class AnotherAtWork(Exception):
    """A backfill of the same sources with another --since is under way."""

    def __init__(self, run: BackfillRun) -> None:
        super().__init__(run)
        self.run = run


class BegunAnew(Exception):
    """Somebody has begun this backfill anew, so it is over."""


class Begun(NamedTuple):
    runs: list[BackfillRun]  # one for each mirror, in their order
    given_up: list[BackfillRun]  # unfinished ones that cannot be gone on with


def begin(
    mirrors: Sequence[Mirror], *, since: datetime | None, restart: bool, now: datetime
) -> Begun:
    """Take up the runs of an unfinished command where they stand, or begin new ones.

    Raises AnotherAtWork.
    """
    names = [mirror.name for mirror in mirrors]
    with transaction.atomic():
        _one_at_a_time()
        unfinished = BackfillRun.objects.filter(mirror__in=names, finished_at=None)
        unfinished = list(unfinished.select_for_update().order_by("pk"))
        going_on = [run for run in unfinished if not restart and _fits(run, since, now)]
        given_up = [run for run in unfinished if run not in going_on]
        for run in given_up:
            run.delete()
        return Begun(_runs(names, going_on, since, now), given_up)


def _one_at_a_time() -> None:
    """Let no other command begin meanwhile. SQLite has the write lock for it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('crm_backfill', 0))")


def _fits(run: BackfillRun, since: datetime | None, now: datetime) -> bool:
    if run.since == since:
        return run.updated_at > now - TOO_OLD
    if run.updated_at > now - AT_WORK:
        raise AnotherAtWork(run)
    return False


def _runs(
    names: Sequence[str], going_on: list[BackfillRun], since: datetime | None, now: datetime
) -> list[BackfillRun]:
    """Return those to go on with, what the same command has finished, and new ones for the rest."""
    same = {"since": since, "started_at": max((run.started_at for run in going_on), default=now)}
    finished = BackfillRun.objects.filter(mirror__in=names, **same) if going_on else []
    known = {run.mirror: run for run in [*finished, *going_on]}
    new = [BackfillRun(mirror=name, updated_at=now, **same) for name in names if name not in known]
    known |= {run.mirror: run for run in BackfillRun.objects.bulk_create(new)}
    return [known[name] for name in names]


def advance(run: BackfillRun, size: int, *, now: datetime) -> BackfillRun:
    """Do the next batch and store how far that is, in one transaction; return the run as it stands.

    Raises BegunAnew.
    """
    with transaction.atomic():
        standing = BackfillRun.objects.select_for_update().filter(pk=run.pk).first()
        if standing is None:
            raise BegunAnew
        if standing.finished_at is None:
            _set(**IN_A_BATCH)
            _do_batch(standing, size, now)
    if _has_quadrupled(done_by(run), done_by(standing)):
        _count_records(MIRRORS[run.mirror])
    return standing


def _set(**parameters: str) -> None:
    """Set parameters of PostgreSQL for this transaction."""
    if connection.vendor == "postgresql":
        calls = ", ".join("set_config(%s, %s, true)" for _ in parameters)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {calls}", [part for pair in parameters.items() for part in pair]
            )


def _has_quadrupled(before: int, after: int) -> bool:
    """Whether a power of four lies between them."""
    return after.bit_length() // 2 > before.bit_length() // 2


def _count_records(mirror: Mirror) -> None:
    """Let PostgreSQL know: by the plan for an empty table, each batch goes through all of it."""
    if connection.vendor == "postgresql":
        count([mirror.record._meta.db_table])


def _do_batch(run: BackfillRun, size: int, now: datetime) -> None:
    mirror = MIRRORS[run.mirror]
    stretch = next_stretch(mirror, size, after=run.after_key, since=run.since)
    run.counts = asdict(outcome_of(run) + sync_batch(mirror, stretch.due, now=now))
    run.after_key = stretch.end  # of a finished run nothing is kept: a guest's is an address
    run.updated_at = now
    if stretch.end is None:
        _set(synchronous_commit="on")
        run.finished_at = now
    run.save()


def outcome_of(run: BackfillRun) -> Outcome:
    return Outcome(**run.counts)


def done_by(run: BackfillRun) -> int:
    """How many sources it has been through."""
    return sum(run.counts.values())
