"""What is old goes once a day, but never what is still of use."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Task

from crm.models import SyncCheck
from crm.tests.factories import SyncCheckFactory

pytestmark = pytest.mark.django_db


def ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def job(days: int, *, success: bool) -> Task:
    key = uuid.uuid4().hex
    return Task.objects.create(
        id=key, name=key, func="f", started=ago(days), stopped=ago(days), success=success
    )


def test_a_check_that_found_nothing_goes_after_400_days(capsys):
    SyncCheckFactory(started_at=ago(401))
    kept = [SyncCheckFactory(started_at=ago(days)) for days in (399, 0)]

    call_command("crm_forget")

    assert set(SyncCheck.objects.all()) == set(kept)
    assert capsys.readouterr().out == "Forgot 1 checks and 0 failed jobs.\n"


def test_a_check_that_found_something_stays():
    SyncCheckFactory(started_at=ago(0))
    found = {SyncCheckFactory(started_at=ago(999), found=3), SyncCheckFactory(differences=2)}

    call_command("crm_forget")

    assert found <= set(SyncCheck.objects.all())


def test_the_last_proof_stays_however_old_it_is():
    proof = SyncCheckFactory(started_at=ago(900))

    call_command("crm_forget")

    assert SyncCheck.objects.get() == proof


def test_a_failed_job_goes_after_30_days():
    job(31, success=False)
    kept = {job(29, success=False), job(31, success=True)}

    call_command("crm_forget")

    assert set(Task.objects.all()) == kept
