"""A log of three years, as a busy marketplace and its machines would leave it."""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import connection, transaction

from crm.mirror.history import ROUTINE
from crm.models import ActivityLog, ActivityType, Cause, Entity

BATCH = 5_000
ENDS = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BEGINS = ENDS - timedelta(days=3 * 365)
RARE_ACTOR, RARE_KIND, BUSY_RECORD = "carol@gatehouse.example", "merged", uuid.UUID(int=1)
RECORDS = 250_000
KINDS = (ActivityType.UPDATED, ActivityType.UPDATED, ActivityType.STATUS_CHANGED)
COLUMNS = [field.column for field in ActivityLog._meta.concrete_fields if not field.primary_key]

EDITED = json.dumps({"phone": ["01632 960001", "01632 960009"], "city": ["Bath", "York"]})
SEEN = json.dumps({"last_activity_date": ["2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z"]})
MENDED = json.dumps({"location": ["Kent", "Kent, England"]})
BORN = json.dumps(
    {
        column: [None, f"a {column} of usual length"]
        for column in ("first_name", "last_name", "email", "phone", "city", "country")
    }
)

Entry = tuple[object, ...]


def fill(rows: int) -> None:
    entries = _entries(rows)
    while batch := list(islice(entries, BATCH)):
        with transaction.atomic():
            _write(batch)
    with connection.cursor() as cursor:  # as a server does by itself, sooner or later
        on_postgresql = connection.vendor == "postgresql"
        cursor.execute("VACUUM ANALYZE crm_activity_log" if on_postgresql else "ANALYZE")


def _write(entries: list[Entry]) -> None:
    table = f"crm_activity_log ({', '.join(COLUMNS)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for entry in entries:
                    copy.write_row(entry)
            return
        slots = ", ".join(["%s"] * len(COLUMNS))
        adapted = ([_adapted(value) for value in entry] for entry in entries)
        cursor.executemany(f"INSERT INTO {table} VALUES ({slots})", adapted)  # noqa: S608


def _adapted(value: object) -> object:
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _entries(rows: int) -> Iterator[Entry]:
    """Two fifths are one backfill, a twentieth one great repair, the rest daily life."""
    dice = random.Random(rows)  # noqa: S311
    step = (ENDS - BEGINS) / rows
    for number in range(rows):
        moment = BEGINS + number * step
        if number < rows * 0.4:
            entity = list(Entity)[4 * number * 5 // (2 * rows) % 4]
            yield _backfilled(number, BEGINS + (number // BATCH) * timedelta(seconds=7), entity)
        elif 0 <= number - rows * 0.6 < rows * 0.05:
            yield _repaired(number, BEGINS + rows * 0.6 * step)
        else:
            yield _lived(number, moment, dice)


def _backfilled(number: int, at: datetime, entity: Entity) -> Entry:
    machine = {"actor": "system:crm_backfill", "origin": "command"}
    return _entry(number, at, entity, activity_type=ActivityType.CREATED, changes=BORN, **machine)


def _repaired(number: int, at: datetime) -> Entry:
    machine = {"actor": "system:crm_check", "origin": "repair", "cause": Cause.MAPPING_CHANGED}
    return _entry(number, at, Entity.PROPERTIES, changes=MENDED, **machine)


def _lived(number: int, at: datetime, dice: random.Random) -> Entry:
    entity = list(Entity)[number % 97 % 4]
    if number % 30_000 == 0:
        return _entry(number, at, entity, actor=RARE_ACTOR, origin="admin")
    if number % 5_000 == 0:
        return _entry(number, at, Entity.CONTACTS, activity_type=RARE_KIND, actor="visitor")
    if number % 1_000 < 3:
        machine = {"actor": "system:crm_check", "origin": "repair", "cause": Cause.BULK_WRITE}
        return _entry(number, at, Entity.PROPERTIES, changes=MENDED, **machine)
    if number % 200 == 0:
        stripe = {"actor": "stripe", "origin": "webhook"}
        return _entry(number, at, Entity.MEMBERSHIPS, entity_id=BUSY_RECORD, **stripe)
    owner = f"owner{number % 3_000}@example.com"
    kind, what = dice.random(), dice.choice(KINDS)
    if kind < 0.3:
        return _entry(number, at, Entity.CONTACTS, outcome=ROUTINE, changes=SEEN, actor=owner)
    if kind < 0.5:
        return _entry(number, at, entity, activity_type=ActivityType.CREATED, actor="visitor")
    if kind < 0.7:
        return _entry(number, at, entity, activity_type=what, actor="stripe", origin="webhook")
    if kind < 0.8:
        staff = f"staff{number % 4}@gatehouse.example"
        return _entry(number, at, entity, activity_type=what, actor=staff, origin="admin")
    return _entry(number, at, entity, activity_type=what, actor=owner)


def _entry(number: int, at: datetime, entity: Entity, **fields: object) -> Entry:
    record = number % RECORDS + 2
    values = {
        "entity_type": entity,
        "entity_id": uuid.UUID(int=record),
        "activity_type": ActivityType.UPDATED,
        "title": f"{entity.label} updated: Olive Hartington-Smythe {record}",
        "description": "",
        "outcome": "",
        "changes": EDITED,
        "origin": "site",
        "cause": "",
        "created_at": at,
        **fields,
    }
    return tuple(str(values[name]) if name == "entity_type" else values[name] for name in COLUMNS)
