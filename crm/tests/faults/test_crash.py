"""A process killed at any step of a write: nothing acknowledged is lost, nothing is half done."""

import json
import random
from collections.abc import Iterator

import pytest
import time_machine
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.dateparse import parse_datetime

from crm.mirror import MIRRORS
from crm.models import ActivityLog
from crm.models.base import Record
from crm.tests.faults import world
from crm.tests.faults.flows import NOW
from crm.tests.faults.lives import Write, ask, drawn, found, print_of_sources, retry, watch
from crm.tests.faults.lives import write_past_a_broken_crm as fail
from crm.tests.faults.taking import check, open_failures

SEEDS = range(20)


@pytest.fixture(autouse=True)
def moment(transactional_db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def start_anew() -> str:
    world.empty()
    found()
    return print_of_sources()


def assert_killed_well(writes: list[Write], seed: int, kill_at: int, sources: list[str]) -> None:
    """`sources` are prints of them: at first, and after each write of a life to the end."""
    start_anew()

    life = watch(writes, seed, kill_at)

    assert life.killed
    done = len(life.told)
    # The write that was going on may be committed and not acknowledged; it is whole or not there.
    assert print_of_sources() in sources[done : done + 2]
    assert_sound()


def assert_sound() -> None:
    """After one repair all is in order: the file, the records, what is told of each."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchone() == ("ok",)
    connection.check_constraints()
    assert check().differences == 0
    assert open_failures() == []
    assert [record for record in standing() if replayed(record) != told_of(record)] == []


def standing() -> list[Record]:
    return [record for model in world.RECORDS for record in model.objects.standing()]


def replayed(record: Record) -> dict[str, object]:
    """Play the log of a record from empty."""
    state: dict[str, object] = {}
    for entry in ActivityLog.objects.filter(entity_id=record.pk).order_by("pk"):
        state |= {name: comparable(pair[1]) for name, pair in entry.changes.items()}
    return state


def told_of(record: Record) -> dict[str, object]:
    mirror = next(mirror for mirror in MIRRORS.values() if isinstance(record, mirror.record))
    names = {name: record._meta.get_field(name).attname for name in mirror.columns}
    return {name: comparable(getattr(record, attname)) for name, attname in names.items()}


def comparable(value: object) -> object:
    """One spelling for a value, whether it comes from a column or from JSON."""
    moment = parse_datetime(value) if isinstance(value, str) and len(value) > 18 else None
    return json.loads(json.dumps(moment or value, cls=DjangoJSONEncoder))


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_a_random_step_of_a_random_life(seed: int) -> None:
    writes, first = drawn(seed), start_anew()
    whole = watch(writes, seed)
    assert len(whole.told) == len(writes)

    kill_at = random.Random(seed).randint(1, whole.steps[-1])

    assert_killed_well(writes, seed, kill_at, [first, *whole.prints])


@pytest.mark.parametrize("writes", [[ask], [fail, retry]], ids=["an enquiry", "a retry"])
def test_killed_at_each_step_of_the_last_write(writes: list[Write]) -> None:
    first = start_anew()
    whole = watch(writes, seed=1)
    before, after = [0, *whole.steps][-2:]
    assert after - before >= 10

    for kill_at in range(before + 1, after + 1):
        assert_killed_well(writes, 1, kill_at, [first, *whole.prints])
