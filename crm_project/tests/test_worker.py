import pytest
from django.core import mail as outbox
from django.db import transaction
from django_q.models import OrmQ, Schedule
from post_office import mail
from post_office.mail import send_queued_mail_until_done
from post_office.models import STATUS, Email

from crm_project.worker import SCHEDULES, install_schedules


def queue_a_mail() -> None:
    mail.send("guest@example.com", "house@example.com", subject="Hello", message="Welcome")


@pytest.mark.django_db
def test_every_command_is_scheduled_once_however_often_migrate_runs():
    install_schedules()
    install_schedules()

    assert set(Schedule.objects.values_list("name", flat=True)) == set(SCHEDULES)


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
