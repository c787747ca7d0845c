"""`manage.py createsuperuser`, whose people can log in at once.

Everybody else proves an address by a link in a mail. Whoever can run this command holds the
machine, and needs the first login before any mail has ever been sent.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.management.commands import createsuperuser
from django.db.models import Max

from accounts.models import User


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        newest_before = User.objects.aggregate(newest=Max("pk"))["newest"] or 0
        super().handle(*args, **options)
        for user in User.objects.filter(pk__gt=newest_before, is_superuser=True):
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
