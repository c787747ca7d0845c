import logging

import pytest
import time_machine
from django.core import mail as outbox
from django.core.management import CommandError
from django.db import OperationalError, transaction
from django_q.models import OrmQ, Schedule
from post_office import mail
from post_office.mail import send_queued_mail_until_done
from post_office.models import STATUS, Email

from crm.admin.repairs import hand_to_worker
from crm.mirror import MIRRORS
from crm.models import SyncCheck, SyncFailure
from crm.proof import check
from crm_project.worker import RUN_COMMAND, SCHEDULES, install_schedules, run_command
from listings.models import Property
from listings.tests.factories import PropertyFactory


def queue_a_mail() -> None:
    mail.send("guest@example.com", "house@example.com", subject="Hello", message="Welcome")


@pytest.mark.django_db
def test_every_command_is_scheduled_once_however_often_migrate_runs():
    install_schedules()
    install_schedules()

    assert set(Schedule.objects.values_list("name", flat=True)) == set(SCHEDULES)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-07-01T01:30:00+00:00", "2026-07-01T02:00:00+00:00"),  # London is an hour ahead
        ("2026-07-01T12:00:00+00:00", "2026-07-02T02:00:00+00:00"),
    ],
)
def test_stripe_is_compared_at_3_in_london_and_may_take_its_time(now, first):
    Schedule.objects.all().delete()  # those of this database's own migrate

    with time_machine.travel(now, tick=False):
        install_schedules()

    job = Schedule.objects.get(name="stripe_reconcile")
    assert job.next_run.isoformat() == first
    assert "'timeout': 570" in job.kwargs


@pytest.mark.django_db
def test_recurring_revenue_is_derived_afresh_an_hour_after_stripe_was_compared():
    Schedule.objects.all().delete()

    with time_machine.travel("2026-12-01T12:00:00+00:00", tick=False):
        install_schedules()

    nightly = Schedule.objects.get(name="revenue_rebuild")
    assert (nightly.next_run.isoformat(), nightly.minutes) == ("2026-12-02T04:00:00+00:00", 24 * 60)
    assert Schedule.objects.get(name="revenue_rebuild --due").minutes == 60


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["revenue_rebuild --due", "revenue_rebuild"])
def test_the_worker_can_run_what_keeps_recurring_revenue(command, capsys):
    run_command(*command.split())

    assert capsys.readouterr().out.startswith("Derived 0 subscriptions afresh")


@pytest.mark.django_db
def test_a_later_migrate_leaves_the_time_of_the_next_run_alone():
    install_schedules()
    Schedule.objects.filter(name="stripe_reconcile").update(next_run="2026-12-24T03:00:00Z")

    install_schedules()

    assert Schedule.objects.get(name="stripe_reconcile").next_run.month == 12


@pytest.mark.django_db
def test_a_schedule_that_the_code_no_longer_names_goes():
    Schedule.objects.create(name="old", func="django.core.management.call_command")

    install_schedules()

    assert not Schedule.objects.filter(name="old").exists()


@pytest.mark.django_db
def test_a_queued_mail_wakes_the_worker_unless_it_is_rolled_back():
    with transaction.atomic():
        queue_a_mail()
        transaction.set_rollback(True)
    assert (Email.objects.count(), OrmQ.objects.count()) == (0, 0)

    queue_a_mail()

    assert (Email.objects.count(), OrmQ.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_task_sends_what_is_queued():
    queue_a_mail()

    send_queued_mail_until_done()

    assert Email.objects.get().status == STATUS.sent
    assert outbox.outbox[0].to == ["guest@example.com"]


@pytest.mark.django_db
class TestACommand:
    def test_that_stored_what_it_found_ends_well_with_a_warning(self, caplog):
        PropertyFactory()
        Property.objects.update(title="Larkfield Hall")

        with caplog.at_level(logging.WARNING, "crm_project.worker"):
            run_command("crm_check")

        assert SyncCheck.objects.get().differences == 1
        assert "crm_check: 1 record differs from its source." in caplog.text

    def test_that_could_not_settle_a_failure_ends_well(self, monkeypatch):
        house = PropertyFactory()
        SyncFailure.objects.create(
            entity_type="properties", source_key=f"properties:{house.pk}", message="No."
        )
        monkeypatch.setattr(MIRRORS["properties"], "sync", fail)

        run_command("crm_retry", "--all")

        assert SyncFailure.objects.open().get().attempts == 2

    def test_that_broke_off_fails(self, monkeypatch):
        monkeypatch.setattr(check, "compare_all", fail)

        with pytest.raises(CommandError, match="disk full"):
            run_command("crm_check")

    def test_asked_for_by_a_page_runs_as_those_on_the_schedule_do(self):
        hand_to_worker("crm_check", "--repair")

        task = OrmQ.objects.get().task
        assert (task["func"], task["args"]) == (RUN_COMMAND, ("crm_check", "--repair"))


def fail(*args, **kwargs):
    raise OperationalError("disk full")
