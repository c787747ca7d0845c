from typing import Any

from django.core.management import BaseCommand

from crm_project.worker import deliver_mail


class Command(BaseCommand):
    help = "Send the queued mail that is due, and note what became of it."

    def handle(self, *args: Any, **options: Any) -> None:
        deliver_mail()
