"""Each field of each source, changed by itself, reaches the records; and so does each deletion."""

from contextlib import suppress
from copy import deepcopy

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.actor import acting_as
from accounts.models import User
from crm.models import Entity, SyncFailure
from crm.proof.check import compare, repair
from crm.tests.mirror import oracle, past_signals
from crm.tests.mirror.conftest import WRITER
from crm.tests.mirror.field_values import all_values, resolve
from crm.tests.mirror.oracle import RECORDS, SOURCES

KINDS = ("missing", "changed", "orphaned")

sources = pytest.mark.parametrize("model", SOURCES.values(), ids=SOURCES)


def changes(model):
    """Yield each field with each value for it, tried on a row, and with some on another."""
    rows = model._base_manager.order_by("pk")
    if model is User:
        rows = rows.filter(is_staff=False)
    for row, tries in ((rows.last(), 99), (rows.first(), 3)):
        for field in model._meta.concrete_fields:
            if not field.primary_key:
                for value in all_values(field)[:tries]:
                    yield row, field, resolve(field, value)


def differing():
    found = oracle.differences(oracle.read(SOURCES), oracle.read(RECORDS))
    return {entity: each for entity, each in found.items() if each}


@sources
def test_by_a_save(opening, model):
    for row, field, value in changes(model):
        before = getattr(row, field.attname)
        try:
            with transaction.atomic(), acting_as(WRITER, "shell"):
                setattr(row, field.attname, value)
                row.save()
        except IntegrityError:
            setattr(row, field.attname, before)
        if found := differing():
            assert (model, field.name) in past_signals.LEFT_TO_THE_CHECK, (field, found)
            mend(Entity)
        opening.look(oracle.read(RECORDS), actors={WRITER})
    assert not SyncFailure.objects.exists()


@sources
def test_past_signals(opening, model):
    tried = set()
    for row, field, value in changes(model):
        if (row.pk, field) not in tried and value != getattr(row, field.attname):
            try:
                with transaction.atomic():
                    past_signals.update(row, field, value)
            except IntegrityError:
                continue
            tried.add((row.pk, field))
            if wanted := differing():
                found_as_expected(wanted)
                mend(map(Entity, wanted))
                opening.look(oracle.read(RECORDS), actors={WRITER})


@pytest.mark.parametrize(
    "way", [models.Model.delete, past_signals.delete_unheard, past_signals.delete_by_sql]
)
def test_by_a_deletion(opening, way):
    for row in (row for model in SOURCES.values() for row in model._base_manager.all()):
        witness = deepcopy(opening)
        with past_signals.rolled_back(with_outer=False), suppress(ProtectedError, IntegrityError):
            with acting_as(WRITER, "shell"):
                way(row)
            if wanted := differing():
                assert way != models.Model.delete, wanted
                found_as_expected(wanted)
                mend(Entity)
            witness.look(oracle.read(RECORDS), actors={WRITER})


def found_as_expected(wanted):
    for entity, expected in wanted.items():
        found = compare(Entity(entity))
        assert {kind: getattr(found, kind) for kind in KINDS} == expected.counts, expected


def mend(entities):
    with acting_as(WRITER, "shell"):
        for entity in entities:
            repair(entity, now=timezone.now())
    assert differing() == {}
